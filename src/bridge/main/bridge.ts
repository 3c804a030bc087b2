/** The bridge put together: sources → catalogue → MCP, with what watches over them. */

import type { Log } from '../../observe';
import { AdminServer, type BridgeState } from '../admin';
import { Catalogue, systemClock } from '../catalogue';
import { type BridgeConfig, ConfigFile, formatConfigProblem, parseListen } from '../config';
import { McpServer } from '../mcp';
import { BridgeMetrics } from '../metrics';
import { readSnapshot, SnapshotKeeper } from '../snapshot';
import { SwitchableContent } from './content';
import { Exports } from './exports';
import { BridgeLog, mcpEvents, snapshotEvents } from './log';
import { SidecarMaker } from './sidecar-maker';
import { type MakeSource, makeSource, RunningSources } from './sources';
import { concerning, concerningNow } from './start-problem';

export interface BridgeOptions {
  readonly config: BridgeConfig;
  /** Where it was read from; followed. */
  readonly file?: string;
  readonly log: Log;
  /** For tests: how a source is made. */
  readonly makeSource?: MakeSource;
}

/**
 * Opens the MCP port at once, as istiod exits when it cannot open its source and is not ready before every type is
 * answered; then reads the snapshot and starts the sources. Rejects with one sentence when a port is taken, a
 * certificate cannot be used or a source cannot be made.
 */
export async function startBridge(options: BridgeOptions): Promise<Bridge> {
  const bridge = new Bridge(options);
  try {
    await bridge.start();
  } catch (error) {
    await bridge.stop();
    throw error;
  }
  return bridge;
}

export class Bridge {
  readonly content = new SwitchableContent();
  readonly metrics: BridgeMetrics;
  private config: BridgeConfig;
  private catalogue: Catalogue;
  private readonly log: BridgeLog;
  private readonly sources: RunningSources;
  private readonly exports: Exports;
  private readonly sidecars: SidecarMaker;
  private readonly mcp: McpServer;
  private readonly admin: AdminServer | undefined;
  private readonly keeper: SnapshotKeeper | undefined;
  private readonly file: ConfigFile | undefined;
  private isListening = false;
  private readonly startedAt = Date.now();

  /** Throws as `startBridge` rejects. */
  constructor(options: BridgeOptions) {
    const { config, file } = options;
    this.config = config;
    this.log = new BridgeLog(options.log);
    const state = this.state();
    this.metrics = new BridgeMetrics(state);
    this.catalogue = this.makeCatalogue(config);
    this.sidecars = new SidecarMaker({
      snapshot: () => this.content.snapshot,
      reports: () => this.catalogue.services(),
      service: (source, key) => this.sources.service(source, key),
      consumers: () => this.sources.consumers(),
      awaited: () => this.content.awaitSidecars(),
      givenUp: () => this.content.giveUpSidecars(),
      made: (sidecars) => this.content.setSidecars(sidecars),
    });
    // Before the port opens: a control plane that comes back at once would be told that there are none.
    if (config.sidecars.workloads.length > 0) this.content.awaitSidecars();
    this.sources = new RunningSources(options.makeSource ?? makeSource, this.log, () =>
      this.sidecars.changed(),
    );
    this.exports = new Exports({
      log: this.log,
      services: () => this.sources.services(),
      snapshot: () => this.content.snapshot,
    });
    const { mcp, admin, snapshot } = config;
    this.mcp = concerningNow(
      'mcp.tls',
      () =>
        new McpServer({
          ...parseListen(mcp.listen),
          ...(mcp.tls && { tls: mcp.tls }),
          content: this.content,
          minPushIntervalMs: mcp.minPushIntervalMs,
          events: mcpEvents(this.log, this.metrics),
        }),
    );
    if (admin.enabled) this.admin = this.makeAdmin(state);
    if (snapshot.file !== '') {
      const events = snapshotEvents(this.log, this.metrics);
      this.keeper = new SnapshotKeeper(snapshot, () => this.catalogue.exportState(), events);
    }
    if (file !== undefined) {
      this.file = new ConfigFile(file, config, {
        changed: (changed) => this.reconfigure(changed),
        refused: (problems) => this.refused(problems.map(formatConfigProblem)),
      });
    }
  }

  /** `host:port` of the MCP server. */
  get mcpAddress(): string {
    return this.mcp.address;
  }

  /** `host:port`; undefined when there is none. */
  get adminAddress(): string | undefined {
    return this.admin?.address;
  }

  async start(): Promise<void> {
    await concerning('mcp.listen', () => this.mcp.start());
    await concerning('admin.listen', () => this.admin?.start());
    this.isListening = true;
    await this.loadSnapshot();
    this.content.onChange((changed) => {
      this.log.served(changed);
      this.keeper?.changed();
      this.exports.changed();
      this.sidecars.changed();
    });
    this.content.switchTo(this.catalogue);
    this.catalogue.start();
    this.sources.apply(this.config.sources, this.catalogue);
    this.exports.apply(this.config);
    this.sidecars.apply(this.config);
    this.file?.follow();
  }

  /** Reads the configuration file again, now. */
  async reload(): Promise<void> {
    await this.file?.reload();
  }

  /** What was published is withdrawn, then sources, so that their end is no news; then snapshot, streams and ports. */
  async stop(): Promise<void> {
    this.isListening = false;
    this.file?.stop();
    this.sidecars.stop();
    await this.exports.stop();
    await this.sources.stop();
    await this.keeper?.stop();
    this.catalogue.close();
    await this.mcp.stop();
    await this.admin?.stop();
  }

  /** What the admin pages and the metrics look at. */
  state(): BridgeState {
    const bridge = this;
    return {
      startedAt: bridge.startedAt,
      get isReady() {
        return bridge.isListening;
      },
      get snapshot() {
        return bridge.content.snapshot;
      },
      servedVersion: (revision) => bridge.mcp.publisher.current()?.view(revision).version,
      waitingFor: () => bridge.catalogue.waitingFor,
      sources: () => bridge.catalogue.sources(),
      registered: () => bridge.sources.registered(),
      services: () => bridge.catalogue.services(),
      rejections: () => bridge.catalogue.rejections(),
      clients: () => bridge.mcp.ledger.clients,
      exports: () => bridge.exports.status(),
      sidecars: () => bridge.sidecars.status(),
      thaw: () => {
        const frozen = bridge.catalogue.sources().reduce((sum, source) => sum + source.frozen, 0);
        bridge.catalogue.thaw();
        return frozen;
      },
    };
  }

  private makeCatalogue({ catalogue, convert, sources }: BridgeConfig): Catalogue {
    const { info, warn } = this.log.source();
    return new Catalogue({
      catalogue,
      convert,
      sources: sources.map(({ name, type, convert: ofSource, syncTimeoutMs, required }) => ({
        name,
        type,
        convert: ofSource,
        catalogue: { syncTimeoutMs, required },
      })),
      clock: systemClock,
      log: {
        info,
        warn: (event, fields) => {
          if (event === 'catalogue.frozen') this.metrics.frozen(String(fields['source']));
          warn(event, fields);
        },
      },
    });
  }

  private makeAdmin(state: BridgeState): AdminServer {
    return new AdminServer({
      ...parseListen(this.config.admin.listen),
      state,
      metrics: () => this.metrics.text(),
      metricsType: this.metrics.contentType,
      onThaw: (services) =>
        this.log.line('info', 'bridge.thawed', `${services} services thawed by an operator`, { services }),
    });
  }

  private async loadSnapshot(): Promise<void> {
    const { file, maxBytes } = this.config.snapshot;
    if (file === '') return;
    const found = await readSnapshot(file, maxBytes);
    if (found.kind === 'none') return;
    const problem =
      found.kind === 'unusable' ? found.reason : sentence(file, this.catalogue.importState(found.value));
    if (problem !== undefined || found.kind !== 'read') {
      this.log.line('warn', 'snapshot.unusable', problem ?? '', { file });
      return;
    }
    const age = Math.round((Date.now() - found.writtenAt) / 1000);
    const fields = { file, bytes: found.bytes, ageSeconds: age };
    this.log.line(
      'info',
      'snapshot.read',
      `snapshot ${file} of ${age} s ago is served until the registries answer`,
      fields,
    );
  }

  /** Everything but the ports and the snapshot's place follows the file. */
  private reconfigure(config: BridgeConfig): void {
    const next = this.makeCatalogue(config);
    const wasOpen = this.content.snapshot !== undefined;
    next.importState(this.catalogue.exportState());
    next.start(wasOpen);
    try {
      this.sources.apply(config.sources, next);
    } catch (error) {
      next.close();
      this.refused([(error as Error).message]);
      return;
    }
    this.exports.apply(config);
    this.sidecars.apply(config);
    const before = this.catalogue;
    const fixed = this.fixedKeys(config);
    this.catalogue = next;
    this.config = config;
    this.content.switchTo(next);
    before.close();
    this.metrics.reloaded('applied');
    const later = fixed.length > 0 ? `; ${fixed.join(', ')} will count after a restart` : '';
    this.log.line('info', 'config.applied', `the new configuration is applied${later}`, { later: fixed });
  }

  private fixedKeys(config: BridgeConfig): string[] {
    return (['mcp', 'admin', 'snapshot', 'log'] as const).filter(
      (key) => JSON.stringify(config[key]) !== JSON.stringify(this.config[key]),
    );
  }

  private refused(mistakes: readonly string[]): void {
    this.metrics.reloaded('refused');
    for (const mistake of mistakes) {
      const message = `${mistake} (the configuration from before stays)`;
      this.log.line('error', 'config.refused', message, { mistake });
    }
  }
}

function sentence(file: string, problem: string | undefined): string | undefined {
  return problem === undefined ? undefined : `the snapshot ${file} cannot be used: ${problem}`;
}
