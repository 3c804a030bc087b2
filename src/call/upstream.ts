import { Balancer, type Random } from '../balancing';
import { type ClusterLimits, ClusterState, type EndpointState, limitsOf } from '../cluster';
import type { ClusterSnapshot } from '../model';
import { type LocalOrigin, OutlierDetector } from '../resilience';

/**
 * A cluster as calls use it: what was pushed last, and the state that outlives pushes. A call keeps the one its route
 * chose to its last attempt, also when a new rule no longer needs it.
 */
export class Upstream {
  private readonly state: ClusterState;
  /** Of the circuit breaker; undefined = none. */
  limits: ClusterLimits | undefined;
  private balancer: Balancer;
  private outliers: OutlierDetector | undefined;

  /** Throws for a snapshot that no balancer can be made of. */
  constructor(
    public snapshot: ClusterSnapshot,
    private readonly random: Random,
  ) {
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
    return new Balancer(snapshot, this.state, this.random, isEjected);
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
  ): EndpointState | undefined {
    if (this.outliers?.tick(now)) this.rebalance();
    return this.balancer.pick(tried, reselections);
  }

  private rebalance(): void {
    this.balancer = new Balancer(this.snapshot, this.state, this.random, isEjected);
  }

  /** An attempt was answered. */
  responded(host: EndpointState, status: number, now: number): void {
    if (this.outliers?.responded(host, status, now)) this.rebalance();
  }

  /** An attempt whose answer is not ours to read has its connection. */
  connected(host: EndpointState): void {
    this.outliers?.connected(host);
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

  constructor(private readonly random: Random) {}

  get(name: string): Upstream | undefined {
    return this.byName.get(name);
  }

  set(snapshot: ClusterSnapshot): void {
    const { name } = snapshot.cluster;
    const known = this.byName.get(name);
    if (known === undefined) this.byName.set(name, new Upstream(snapshot, this.random));
    else known.update(snapshot);
  }

  remove(name: string): void {
    this.byName.delete(name);
  }
}

function isEjected(host: EndpointState): boolean {
  return host.ejection.active;
}
