import { Balancer, type Clock, HashTables, type Random } from '../balancing';
import { type ClusterLimits, ClusterState, type EndpointState, limitsOf, type U64 } from '../cluster';
import type { ClusterSnapshot } from '../model';
import { type LocalOrigin, OutlierDetector } from '../resilience';

/**
 * A cluster as calls use it: what was pushed last, and the state that outlives pushes. A call keeps the one its route
 * chose to its last attempt, also when a new rule no longer needs it.
 */
export class Upstream {
  private readonly state: ClusterState;
  private readonly tables: HashTables;
  /** Of the circuit breaker; undefined = none. */
  limits: ClusterLimits | undefined;
  private balancer: Balancer;
  private outliers: OutlierDetector | undefined;

  /** Throws for a snapshot that no balancer can be made of. */
  constructor(
    public snapshot: ClusterSnapshot,
    private readonly random: Random,
    private readonly clock: Clock,
  ) {
    this.tables = new HashTables(clock);
    this.state = new ClusterState(snapshot.cluster.name);
    this.outliers = this.detect(snapshot);
    this.balancer = this.balance(snapshot);
    this.limits = limitsOf(snapshot.cluster.circuitBreakers, undefined);
  }

  /** As the constructor; what was before stays if it throws. */
  update(snapshot: ClusterSnapshot): void {
    this.outliers = this.detect(snapshot);
    this.balancer = this.balance(snapshot);
    this.limits = limitsOf(snapshot.cluster.circuitBreakers, this.limits);
    this.snapshot = snapshot;
  }

  private balance(snapshot: ClusterSnapshot): Balancer {
    this.state.follow(snapshot.endpoints);
    return this.newBalancer(snapshot);
  }

  private newBalancer(snapshot: ClusterSnapshot): Balancer {
    return new Balancer(snapshot, this.state, this.random, isEjected, this.clock, this.tables);
  }

  private detect({ cluster: { outlierDetection } }: ClusterSnapshot): OutlierDetector | undefined {
    if (outlierDetection === undefined) {
      this.outliers?.forget();
      return undefined;
    }
    this.outliers?.configure(outlierDetection);
    return this.outliers ?? new OutlierDetector(outlierDetection, () => this.state.all(), this.random);
  }

  /** As `Balancer.pick`. `now`: monotonic milliseconds. */
  pick(
    tried: readonly EndpointState[] | undefined,
    reselections: number,
    now: number,
    key: U64 | undefined,
  ): EndpointState | undefined {
    if (this.outliers?.tick(now)) this.rebalance();
    return this.balancer.pick(tried, reselections, now, key);
  }

  /** The endpoint of that `address:port`, whatever its health; undefined = the cluster has none such. */
  at(key: string): EndpointState | undefined {
    return this.state.at(key);
  }

  /** Calls are bound to endpoints by a key. */
  get hashes(): boolean {
    const { kind } = this.snapshot.cluster.loadBalancing;
    return kind === 'RING_HASH' || kind === 'MAGLEV';
  }

  /** False while the very first hash table is being made. */
  get ready(): boolean {
    return this.tables.ready;
  }

  /** Calls back once it is ready: at once if it is. */
  whenReady(callback: () => void): void {
    this.tables.whenReady(callback);
  }

  private rebalance(): void {
    this.balancer = this.newBalancer(this.snapshot);
  }

  /** An attempt was answered. */
  responded(host: EndpointState, status: number, now: number): void {
    if (this.outliers?.responded(host, status, now)) this.rebalance();
  }

  /** An attempt has its connection. `final`: its answer is not ours to read. */
  connected(host: EndpointState, final: boolean, now: number): void {
    if (this.outliers?.connected(host, final, now)) this.rebalance();
  }

  /** An attempt ended without an answer. */
  failed(host: EndpointState, how: LocalOrigin, now: number): void {
    if (this.outliers?.failed(host, how, now)) this.rebalance();
  }

  /** Calls go where the application dialled: they are not ours. */
  get passesThrough(): boolean {
    const { cluster } = this.snapshot;
    return cluster.discovery === 'ORIGINAL_DST' || cluster.loadBalancing.kind === 'CLUSTER_PROVIDED';
  }
}

/** Name of istiod's cluster for what is not in the mesh. */
export const PASSTHROUGH_CLUSTER = 'PassthroughCluster';

/** All clusters of hosts in use, by name. */
export class Upstreams {
  private readonly byName = new Map<string, Upstream>();

  constructor(
    private readonly random: Random,
    private readonly clock: Clock,
  ) {}

  get(name: string): Upstream | undefined {
    return this.byName.get(name);
  }

  set(snapshot: ClusterSnapshot): void {
    const { name } = snapshot.cluster;
    const known = this.byName.get(name);
    if (known === undefined) this.byName.set(name, new Upstream(snapshot, this.random, this.clock));
    else known.update(snapshot);
  }

  /** Calls back once these clusters can choose: at once if they can. */
  whenReady(names: readonly string[], callback: () => void): void {
    const waiting = names.map((name) => this.byName.get(name)).find((upstream) => upstream?.ready === false);
    if (waiting === undefined) callback();
    else waiting.whenReady(() => this.whenReady(names, callback));
  }

  remove(name: string): void {
    this.byName.delete(name);
  }
}

function isEjected(host: EndpointState): boolean {
  return host.ejection.active;
}
