/** The reverse direction beside the rest of the bridge: it must see what the registries hold, to stay out of rings. */

import { isDeepStrictEqual } from 'node:util';
import type { BridgeConfig } from '../config';
import { createExporter, type ExportConfig, type Exporter, type ExportStatus, ORIGIN } from '../export';
import type { RegistryService, ServedSnapshot } from '../model';
import type { BridgeLog } from './log';
import { isServed, ownHosts } from './own-hosts';

export interface ExportsContext {
  readonly log: BridgeLog;
  /** Everything that the registries list now. */
  readonly services: () => Iterable<RegistryService>;
  readonly snapshot: () => ServedSnapshot | undefined;
}

/** After a change of the registries, what may be published is looked at again so much later, milliseconds. */
const REFRESH_MS = 1_000;

export class Exports {
  private exporter: Exporter | undefined;
  private config: ExportConfig | undefined;
  private ofConfiguration: (host: string) => string | undefined = () => undefined;
  private timer: NodeJS.Timeout | undefined;
  /** `address port` of every registered instance; undefined: to be gathered again. */
  private registered: Set<string> | undefined;

  constructor(private readonly context: ExportsContext) {}

  status(): readonly ExportStatus[] {
    return this.exporter?.status() ?? [];
  }

  /** Publishes as configured. Throws a sentence, before anything is touched, when that makes no sense. */
  apply(config: BridgeConfig): void {
    this.ofConfiguration = ownHosts(config);
    if (isDeepStrictEqual(config.export, this.config)) {
      this.changed();
      return;
    }
    const next = config.export.hosts.length > 0 ? this.make(config.export) : undefined;
    const before = this.exporter;
    this.exporter = next;
    this.config = config.export;
    // What both publish must not vanish in between, so the old one withdraws after the new one is at work.
    next?.start();
    if (before) void before.stop();
  }

  /** The registries hold something else now. */
  changed(): void {
    this.registered = undefined;
    if (!this.exporter) return;
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.exporter?.refresh();
    }, REFRESH_MS);
  }

  /** Withdraws everything that was published. */
  async stop(): Promise<void> {
    clearTimeout(this.timer);
    const { exporter } = this;
    this.exporter = undefined;
    await exporter?.stop();
  }

  private make(config: ExportConfig): Exporter {
    return createExporter(config, {
      log: this.context.log.source(),
      random: Math.random,
      now: Date.now,
      refusal: (host) => this.refusal(host),
      isRegistered: (address, port) => this.isRegistered(address, port),
    });
  }

  private refusal(host: string): string | undefined {
    if (isServed(this.context.snapshot(), host)) return 'it comes from a registry itself';
    return this.ofConfiguration(host);
  }

  private isRegistered(address: string, port: number): boolean {
    this.registered ??= this.gather();
    return this.registered.has(`${address} ${port}`);
  }

  private gather(): Set<string> {
    const found = new Set<string>();
    // What a bridge has published is no registration of the instance's own.
    for (const { instances } of this.context.services())
      for (const { address, port, metadata } of instances)
        if (metadata[ORIGIN] === undefined) found.add(`${address} ${port}`);
    return found;
  }
}
