import { Balancer, type Random } from '../balancing';
import { ClusterState, type EndpointState } from '../cluster';
import type { ClusterSnapshot } from '../model';

/** A cluster as calls use it: what was pushed last, and the state that outlives pushes. */
export class Upstream {
  /** The control plane took it away: calls that hold it find no cluster. */
  removed = false;
  private readonly state: ClusterState;
  private balancer: Balancer;

  /** Throws for a snapshot that no balancer can be made of. */
  constructor(
    public snapshot: ClusterSnapshot,
    private readonly random: Random,
  ) {
    this.state = new ClusterState(snapshot.cluster.name);
    this.balancer = this.balance(snapshot);
  }

  /** As the constructor; what was before stays if it throws. */
  update(snapshot: ClusterSnapshot): void {
    this.balancer = this.balance(snapshot);
    this.snapshot = snapshot;
  }

  private balance(snapshot: ClusterSnapshot): Balancer {
    this.state.follow(snapshot.endpoints);
    return new Balancer(snapshot, this.state, this.random);
  }

  /** As `Balancer.pick`. */
  pick(tried: readonly EndpointState[] | undefined, reselections: number): EndpointState | undefined {
    return this.balancer.pick(tried, reselections);
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
    const known = this.byName.get(name);
    if (known === undefined) return;
    known.removed = true;
    this.byName.delete(name);
  }
}
