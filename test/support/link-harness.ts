import type { Settings } from '../../src/config';
import { createLink, type LinkFeed } from '../../src/link';
import type { ClusterSnapshot, FeedListener, HostIndex, HostService, LinkState } from '../../src/model';
import type { Log, LogLevel } from '../../src/observe';
import { AdsServer } from './ads-server';
import { bundled } from './bundle';
import { Changes } from './changes';

/** Settings of a process in namespace `shop`, with the given control plane. */
export function linkSettings(xds: string, more: Partial<Settings> = {}): Settings {
  return {
    enabled: true,
    xds,
    xdsCa: '',
    xdsServerName: '',
    token: '',
    hooks: [],
    hooksOff: [],
    firstUseTimeoutMs: 2_000,
    snapshotDir: '',
    snapshotMaxAgeMs: 86_400_000,
    log: 'debug',
    logFormat: 'json',
    file: '',
    workerMemoryMb: 256,
    envoyHeaders: true,
    decorator: true,
    besideSidecar: false,
    registry: { modes: [], hosts: [], namespaces: [], weights: [], calls: [] },
    identity: {
      podName: 'web-1',
      podNamespace: 'shop',
      instanceIp: '10.0.0.7',
      serviceAccount: 'web',
      trustDomain: 'cluster.local',
      meta: {},
      labels: { app: 'web', version: 'v1' },
      locality: { region: 'r1', zone: 'z1', subZone: '' },
    },
    ...more,
  };
}

export interface LogLine {
  readonly level: LogLevel;
  readonly event: string;
  readonly message: string;
}

export class LogRecorder implements Log {
  readonly lines: LogLine[] = [];
  changed: () => void = () => undefined;

  line(level: LogLevel, event: string, message: string): void {
    this.lines.push({ level, event, message });
    this.changed();
  }

  of(event: string): LogLine[] {
    return this.lines.filter((line) => line.event === event);
  }
}

/** Records what a feed says, in order, and lets a test wait for it. */
export class FeedRecorder implements FeedListener {
  state: LinkState = 'idle';
  hasViews = false;
  readonly states: LinkState[] = [];
  ports: ReadonlySet<number> | undefined;
  readonly indexes = new Map<number, HostIndex>();
  readonly hosts = new Map<string, HostService | null>();
  readonly clusters = new Map<string, ClusterSnapshot>();
  /** One word for each message. */
  readonly events: string[] = [];
  readonly #changes = new Changes();

  onState(state: LinkState, hasViews: boolean): void {
    this.state = state;
    this.hasViews = hasViews;
    this.states.push(state);
    this.note(`state ${state}`);
  }

  onClusterPorts(ports: ReadonlySet<number>): void {
    this.ports = ports;
    this.note('ports');
  }

  onPortIndex(port: number, index: HostIndex): void {
    this.indexes.set(port, index);
    this.note(`index ${port}`);
  }

  onHost(scheme: 'http' | 'https', port: number, host: string, service: HostService | null): void {
    this.hosts.set(`${scheme}:${port}:${host}`, service);
    this.note(`host ${host}`);
  }

  onClusters(changed: readonly ClusterSnapshot[], removed: readonly string[]): void {
    for (const snapshot of changed) {
      this.clusters.set(snapshot.cluster.name, snapshot);
      this.note(`cluster ${snapshot.cluster.name}`);
    }
    for (const name of removed) {
      this.clusters.delete(name);
      this.note(`removed ${name}`);
    }
  }

  /** Addresses of a cluster's endpoints, `ip:port`, sorted. */
  addresses(cluster: string): string[] {
    const localities = this.clusters.get(cluster)?.endpoints.localities ?? [];
    return localities.flatMap((l) => l.endpoints.map((e) => `${e.address}:${e.port}`)).sort();
  }

  until(what: string, holds: () => boolean, ms = 8_000): Promise<void> {
    const complaint = () => `not within ${ms} ms: ${what}; seen: ${this.events.slice(-20).join(', ')}`;
    return this.#changes.until(holds, ms, complaint);
  }

  /** Looks again at what is waited for: something besides the feed changed. */
  poke(): void {
    this.#changes.tell();
  }

  private note(event: string): void {
    this.events.push(event);
    this.poke();
  }
}

export interface RunningLink {
  readonly link: LinkFeed;
  readonly feed: FeedRecorder;
  readonly log: LogRecorder;
  stop(): Promise<void>;
}

/** The link's worker, as it is now. Absolute path. */
export function linkWorkerFile(): Promise<string> {
  return bundled('link-worker', 'src/link/worker/main.ts');
}

const running = new Set<RunningLink>();

/** A link with its worker, started. `stopLinks` ends all of a test. */
export async function runLink(settings: Settings, workerFile?: string): Promise<RunningLink> {
  const log = new LogRecorder();
  const feed = new FeedRecorder();
  log.changed = () => feed.poke();
  const link = createLink({ settings, workerFile: workerFile ?? (await linkWorkerFile()), log });
  link.listen(feed);
  link.start();
  const run: RunningLink = { link, feed, log, stop: () => link.stop() };
  running.add(run);
  return run;
}

export async function stopLinks(): Promise<void> {
  await Promise.all([...running].map((run) => run.stop()));
  running.clear();
}

/** For a suite: every test has a control plane of its own, which ends with it and after its links. */
export function controlPlaneForEach(use: (server: AdsServer) => void): void {
  let server: AdsServer;
  beforeEach(async () => {
    server = await new AdsServer().start();
    use(server);
  });
  afterEach(async () => {
    await stopLinks();
    server.stop();
  });
}
