/** Follows a ZooKeeper: what it tells is kept over lost sessions, and read anew in each. */

import {
  askMetadataService,
  DubboServices,
  REVISION_RETRY,
  REVISIONS_PATIENCE_MS,
  RevisionResolver,
} from '../../dubbo';
import type { Source, SourceContext, SourceSink, SourceState } from '../../model';
import { Applications } from './applications';
import { type ZooKeeperConfig, zookeeperMistakes } from './config';
import type { ZooKeeperConnection } from './connection';
import { Consumers } from './consumers';
import { Ensemble } from './ensemble';
import { Feed } from './feed';
import { InterfaceLevel } from './interfaces';
import { Limiter } from './limiter';
import { PlainServices } from './plain-services';
import { Problems } from './problems';
import type { Room } from './room';
import { Rules } from './rules';

/** After a reconnect, for how long providers are expected to register anew, ms. */
const REGISTRATION_BURST_MS = 30_000;
/** Changes that come together are reported together, ms. */
const FLUSH_MS = 10;
/** The same while a session reads everything anew. */
const SYNC_FLUSH_MS = 1_000;
/** Of one piece of a large report, ms; between two of them other work has its turn. */
const FLUSH_PIECE_MS = 20;
const ASKED_AT_ONCE = 16;

export interface ZooKeeperSeams {
  /**
   * Nacos' configuration as a further metadata centre: dataId is the application, group the revision; undefined where
   * it has none.
   */
  readonly readConfig?: (dataId: string, group: string) => Promise<string | undefined>;
}

/** Throws a sentence when the configuration is wrong. */
export function createZooKeeperSource(
  config: ZooKeeperConfig,
  context: SourceContext,
  seams: ZooKeeperSeams = {},
): Source {
  const [mistake] = zookeeperMistakes(config);
  if (mistake) throw new Error(`the source ${config.name} ${mistake}`);
  return new ZooKeeperSource(config, context, seams);
}

class ZooKeeperSource implements Source {
  readonly type = 'zookeeper';
  readonly name: string;
  private readonly ensemble: Ensemble;
  private readonly feed: Feed;
  private readonly resolver: RevisionResolver;
  private readonly dubbo = new DubboServices();
  private readonly plain = new PlainServices();
  private readonly asking = new Limiter(ASKED_AT_ONCE);
  private parts: { end(): void }[] = [];
  private applications: Applications | undefined;
  private problems: Problems | undefined;
  private sink: SourceSink | undefined;
  private state: SourceState = 'connecting';
  private detail = '';
  private sessions = 0;
  private connectedAt = 0;
  private isSynced = false;
  private flushTimer: NodeJS.Timeout | undefined;
  private syncTimer: NodeJS.Timeout | undefined;

  constructor(
    private readonly config: ZooKeeperConfig,
    private readonly context: SourceContext,
    private readonly seams: ZooKeeperSeams,
  ) {
    this.name = config.name;
    this.feed = new Feed({
      concurrency: config.concurrency,
      problem: (path, reason) => this.problems?.set(path, undefined, reason),
      synced: () => void this.readEverything(this.sessions),
    });
    this.ensemble = new Ensemble(config, context, {
      connected: (connection) => this.connected(connection),
      down: (reason) => this.down(reason),
    });
    const { askProviders, askTimeoutMs } = config.dubbo;
    this.resolver = new RevisionResolver({
      stored: (application, revision) => this.stored(application, revision),
      ...(askProviders && {
        ask: (instance) => this.asking.run(() => askMetadataService(instance, askTimeoutMs)),
      }),
      ...REVISION_RETRY,
      random: context.random,
      settled: (owners, result) => this.applications?.settled(owners, result),
    });
  }

  start(sink: SourceSink): void {
    this.sink = sink;
    this.problems = new Problems(sink);
    sink.state('connecting');
    const { dubbo, services } = this.config;
    const room: Room = {
      feed: this.feed,
      problems: this.problems,
      holding: { now: () => performance.now(), hold: () => this.hold() },
      changed: () => this.changed(),
    };
    if (dubbo.enabled) {
      this.parts.push(
        new InterfaceLevel(room, this.dubbo, dubbo.root),
        new Rules(room, this.dubbo, dubbo.rulesRoot),
      );
      if (dubbo.consumers) this.parts.push(new Consumers(this.feed, dubbo.root, sink));
    }
    if (services.enabled) {
      const ofDubbo = dubbo.enabled ? { services: this.dubbo, resolver: this.resolver } : undefined;
      this.applications = new Applications(room, { plain: this.plain, dubbo: ofDubbo }, services.root);
      this.parts.push(this.applications);
    }
    this.ensemble.start();
  }

  async stop(): Promise<void> {
    clearTimeout(this.flushTimer);
    clearTimeout(this.syncTimer);
    for (const part of this.parts) part.end();
    this.feed.close();
    this.resolver.close();
    this.sink = undefined;
    await this.ensemble.stop();
    await this.resolver.idle();
  }

  private connected(connection: ZooKeeperConnection): void {
    this.sessions++;
    this.connectedAt = performance.now();
    this.isSynced = false;
    const { chroot } = this.config;
    const missing = `nothing is at the chroot ${chroot}: correct \`chroot\`, or wait until somebody registers there`;
    this.problems?.set('/', undefined, connection.hasRoot ? undefined : missing);
    this.context.log.info('zookeeper.connected', { source: this.name, server: connection.server });
    this.tell('up');
    this.feed.attach(connection);
  }

  private down(reason: string): void {
    this.feed.detach();
    clearTimeout(this.syncTimer);
    if (this.state !== 'down' || this.detail !== reason)
      this.context.log.warn('zookeeper.down', { source: this.name, reason });
    this.tell('down', reason);
  }

  private tell(state: SourceState, detail = ''): void {
    if (this.state === state && this.detail === detail) return;
    this.state = state;
    this.detail = detail;
    this.sink?.state(state, ...(detail === '' ? [] : [detail]));
  }

  private hold(): number {
    const { removalDelayMs, reconnectRemovalDelayMs } = this.config;
    const isBurst = this.sessions > 1 && performance.now() - this.connectedAt < REGISTRATION_BURST_MS;
    return isBurst ? Math.max(reconnectRemovalDelayMs, removalDelayMs) : removalDelayMs;
  }

  /** Every node was read in this session: what is gone is gone when its delay is over. */
  private async readEverything(session: number): Promise<void> {
    await Promise.race([this.resolver.idle(), this.patience()]);
    clearTimeout(this.syncTimer);
    if (session !== this.sessions || !this.sink || this.state !== 'up') return;
    if (session === 1) return this.synced(session);
    this.syncTimer = setTimeout(() => void this.synced(session), this.hold() + FLUSH_MS);
  }

  private patience(): Promise<void> {
    return new Promise((resolve) => {
      this.syncTimer = setTimeout(resolve, REVISIONS_PATIENCE_MS);
    });
  }

  private async synced(session: number): Promise<void> {
    if (session !== this.sessions) return;
    this.isSynced = true;
    await this.flush();
    if (session !== this.sessions || !this.sink) return;
    this.sink.synced();
    const ms = Math.round(performance.now() - this.connectedAt);
    this.context.log.info('zookeeper.synced', { source: this.name, ms });
  }

  private changed(): void {
    this.flushTimer ??= setTimeout(() => void this.flush(), this.isSynced ? FLUSH_MS : SYNC_FLUSH_MS);
  }

  /** Resolves when everything that had changed is reported. */
  private async flush(): Promise<void> {
    clearTimeout(this.flushTimer);
    this.flushTimer = undefined;
    while (this.sink && !this.dubbo.flush(this.sink, FLUSH_PIECE_MS))
      await new Promise((resolve) => setImmediate(resolve));
    if (this.sink) this.plain.flush(this.sink);
  }

  /** What a metadata centre has of a revision: ZooKeeper's own, then the further one. */
  private async stored(application: string, revision: string): Promise<string | undefined> {
    const { root, metadataRoot = `${root}/metadata` } = this.config.dubbo;
    if (!application.includes('/') && !revision.includes('/')) {
      const data = await this.feed.read(`${metadataRoot}/${application}/${revision}`);
      if (data && data.length > 0) return data.toString('utf8');
    }
    return this.seams.readConfig?.(application, revision);
  }
}
