/** A MeshFeed made of plain model objects, and short builders for them. */

import {
  buildHostIndex,
  type Cluster,
  type ClusterSnapshot,
  type Endpoint,
  type FeedListener,
  type ForwardAction,
  HostIndex,
  type HostService,
  type LinkState,
  type LocalityEndpoints,
  type MeshFeed,
  NO_HEADER_CHANGES,
  type OutlierDetection,
  type RetryPolicy,
  type Route,
  type VirtualHost,
} from '../../src/model';

/** What the mesh is. Ports hold virtual hosts in order; `tls` maps `host:port` to a cluster. */
export interface StaticMesh {
  readonly ports: Readonly<Record<number, readonly VirtualHost[]>>;
  readonly clusters: readonly ClusterSnapshot[];
  readonly tls?: Readonly<Record<string, string>>;
}

/**
 * Answers in a later tick, as the link does: state, cluster ports, then per port its index, then hosts. `set` replaces
 * the mesh and tells what changed. `manual` feeds say nothing until `up()`.
 */
export class StaticFeed implements MeshFeed {
  state: LinkState = 'idle';
  /** `scheme port host` of everything asked, in order. */
  readonly asked: string[] = [];
  private listener: FeedListener | undefined;
  private readonly followed = new Map<string, { scheme: 'http' | 'https'; port: number; host: string }>();
  private readonly told = new Map<string, HostService | null>();
  private readonly indexed = new Set<number>();

  constructor(
    private mesh: StaticMesh,
    private readonly options: { readonly manual?: boolean } = {},
  ) {}

  start(): void {
    if (this.state !== 'idle') return;
    this.state = 'connecting';
    if (!this.options.manual) setImmediate(() => this.up());
  }

  listen(listener: FeedListener): void {
    this.listener = listener;
  }

  ask(scheme: 'http' | 'https', port: number, host: string): void {
    const key = `${scheme} ${port} ${host}`;
    this.asked.push(key);
    if (this.followed.has(key)) return;
    this.followed.set(key, { scheme, port, host });
    if (this.state === 'up') setImmediate(() => this.tell(scheme, port, host));
  }

  answer(scheme: 'http' | 'https', port: number, host: string): HostService | null | undefined {
    return this.told.get(`${scheme} ${port} ${host}`);
  }

  /** The control plane answers. */
  up(): void {
    this.state = 'up';
    this.listener?.onState('up', true);
    this.tellAll();
  }

  /** The control plane is gone. */
  down(hasViews: boolean): void {
    this.state = 'down';
    this.listener?.onState('down', hasViews);
  }

  /** Another mesh from now on. */
  set(mesh: StaticMesh): void {
    const gone = this.mesh.clusters
      .map((snapshot) => snapshot.cluster.name)
      .filter((name) => !mesh.clusters.some((snapshot) => snapshot.cluster.name === name));
    this.mesh = mesh;
    if (this.state !== 'up') return;
    this.indexed.clear();
    this.tellAll();
    this.listener?.onClusters([], gone);
  }

  private tellAll(): void {
    const ports = [
      ...Object.keys(this.mesh.ports).map(Number),
      ...Object.keys(this.mesh.tls ?? {}).map((key) => Number(key.slice(key.lastIndexOf(':') + 1))),
    ];
    this.listener?.onClusterPorts(new Set(ports));
    this.listener?.onClusters(this.mesh.clusters, []);
    for (const { scheme, port, host } of this.followed.values()) this.tell(scheme, port, host);
  }

  private tell(scheme: 'http' | 'https', port: number, host: string): void {
    if (scheme === 'http' && !this.indexed.has(port)) {
      this.indexed.add(port);
      const domains = (this.mesh.ports[port] ?? []).flatMap((virtualHost) => virtualHost.domains);
      this.listener?.onPortIndex(port, new HostIndex(buildHostIndex(domains, domains.includes('*'))));
    }
    const service = this.service(scheme, port, host);
    this.told.set(`${scheme} ${port} ${host}`, service);
    this.listener?.onHost(scheme, port, host, service);
  }

  private service(scheme: 'http' | 'https', port: number, host: string): HostService | null {
    if (scheme === 'https') {
      const cluster = this.mesh.tls?.[`${host}:${port}`];
      return cluster === undefined ? null : { kind: 'tls', cluster };
    }
    const virtualHost = findVirtualHost(this.mesh.ports[port] ?? [], host);
    return virtualHost === undefined ? null : { kind: 'http', virtualHost };
  }
}

/** Envoy's order: exact, longest suffix, longest prefix, `*`. */
function findVirtualHost(virtualHosts: readonly VirtualHost[], host: string): VirtualHost | undefined {
  let best: VirtualHost | undefined;
  let bestRank = -1;
  for (const virtualHost of virtualHosts) {
    for (const domain of virtualHost.domains) {
      const rank = rankOf(domain, host);
      if (rank > bestRank) [best, bestRank] = [virtualHost, rank];
    }
  }
  return best;
}

function rankOf(domain: string, host: string): number {
  if (domain === host) return 3_000_000;
  if (domain === '*') return 0;
  if (domain.startsWith('*')) return host.endsWith(domain.slice(1)) ? 2_000_000 + domain.length : -1;
  if (domain.endsWith('*')) return host.startsWith(domain.slice(0, -1)) ? 1_000_000 + domain.length : -1;
  return -1;
}

/** A healthy endpoint of weight 1. */
export function endpoint(address: string, port: number, changes: Partial<Endpoint> = {}): Endpoint {
  return { address, port, weight: 1, health: 'HEALTHY', ...changes };
}

/** One locality of priority 0. */
export function locality(
  endpoints: readonly Endpoint[],
  changes: Partial<LocalityEndpoints> = {},
): LocalityEndpoints {
  return { locality: { region: '', zone: '', subZone: '' }, weight: 1, priority: 0, endpoints, ...changes };
}

/** A cluster as istiod sends it (no limits, no panic), ROUND_ROBIN unless said otherwise. */
export function cluster(
  name: string,
  endpoints: readonly Endpoint[] | readonly LocalityEndpoints[],
  changes: Partial<Cluster> = {},
): ClusterSnapshot {
  const unlimited = Number.POSITIVE_INFINITY;
  const localities = endpoints
    .map((one) => ('endpoints' in one ? one : undefined))
    .filter((one) => one !== undefined);
  return {
    cluster: {
      name,
      discovery: 'EDS',
      loadBalancing: { kind: 'ROUND_ROBIN' },
      circuitBreakers: {
        maxConnections: unlimited,
        maxPendingRequests: unlimited,
        maxRequests: unlimited,
        maxRetries: unlimited,
      },
      pool: { connectTimeoutMs: 10_000, maxRequestsPerConnection: 0, http2: false },
      healthyPanicThreshold: 0,
      localityWeighted: false,
      tls: { kind: 'none' },
      ...changes,
    },
    endpoints: {
      clusterName: name,
      localities: localities.length > 0 ? localities : [locality(endpoints as readonly Endpoint[])],
      overprovisioningFactor: 140,
      dropOverloads: [],
    },
  };
}

/** A forward action to one cluster, without timeout and retries. */
export function forward(clusterName: string, changes: Partial<ForwardAction> = {}): ForwardAction {
  return {
    kind: 'forward',
    clusters: [{ name: clusterName, weight: 1, headers: NO_HEADER_CHANGES }],
    weighted: false,
    timeoutMs: 0,
    hashPolicies: [],
    mirrors: [],
    clusterNotFoundStatus: 503,
    ...changes,
  };
}

/** A route for a path prefix (`/` = everything). */
export function route(action: Route['action'], prefix = '/', changes: Partial<Route> = {}): Route {
  return {
    name: prefix,
    match: { path: { kind: 'prefix', value: prefix, caseSensitive: true }, headers: [], query: [] },
    action,
    headers: NO_HEADER_CHANGES,
    ...changes,
  };
}

/** Counts attempts, as istiod's virtual hosts do. */
export function virtualHost(
  domains: readonly string[],
  routes: readonly Route[],
  changes: Partial<VirtualHost> = {},
): VirtualHost {
  return {
    name: `${domains[0]}:80`,
    domains,
    routes,
    headers: NO_HEADER_CHANGES,
    includeRequestAttemptCount: true,
    ...changes,
  };
}

/** istiod's default retry policy. */
export function retryPolicy(changes: Partial<RetryPolicy> = {}): RetryPolicy {
  return {
    on: ['connect-failure', 'refused-stream', 'retriable-status-codes'],
    retriableStatusCodes: [],
    retriableHeaders: [],
    numRetries: 2,
    perTryTimeoutMs: 0,
    avoidPreviousHosts: true,
    hostSelectionMaxAttempts: 5,
    backOff: { baseMs: 25, maxMs: 250 },
    ...changes,
  };
}

/** As istiod sends `consecutive5xxErrors: 5`, with Envoy's defaults. */
export function outlierDetection(changes: Partial<OutlierDetection> = {}): OutlierDetection {
  return {
    consecutive5xx: 5,
    enforcingConsecutive5xx: 100,
    consecutiveGatewayFailure: 5,
    enforcingConsecutiveGatewayFailure: 0,
    consecutiveLocalOriginFailure: 5,
    enforcingConsecutiveLocalOriginFailure: 100,
    splitExternalLocalOriginErrors: false,
    intervalMs: 10_000,
    baseEjectionTimeMs: 30_000,
    maxEjectionTimeMs: 300_000,
    maxEjectionPercent: 10,
    alwaysEjectOneHost: false,
    enforcingSuccessRate: 0,
    enforcingLocalOriginSuccessRate: 100,
    successRateMinimumHosts: 5,
    successRateRequestVolume: 100,
    successRateStdevFactor: 1900,
    failurePercentageThreshold: 85,
    enforcingFailurePercentage: 0,
    enforcingFailurePercentageLocalOrigin: 0,
    failurePercentageMinimumHosts: 5,
    failurePercentageRequestVolume: 50,
    ...changes,
  };
}
