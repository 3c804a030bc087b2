import type { HostIndexData, VirtualHost } from '../../model';
import { type DeltaResource, decodeLoadAssignment, TYPE_URL } from '../../xds';
import { ClusterTable } from './clusters';
import { type RouteTable, readRoutes, type VirtualHostEntry } from './routes';

/** Envoy's own way out: where istiod's catch-all route leads. */
const PASSTHROUGH = 'PassthroughCluster';

/** What taking a response came to. */
export interface Taken {
  /** Names whose resources are held now as sent. */
  readonly accepted: string[];
  /** What is wrong, by resource name: for the NACK. */
  readonly refused: Map<string, readonly string[]>;
  /** Names whose content is another than before. */
  readonly changed: Set<string>;
}

/** All that the control plane has said, as bytes. Decodes to validate; keeps the good when a part is bad. */
export class MeshState {
  readonly clusters = new ClusterTable();
  /** By port; null = the control plane has none. */
  readonly routes = new Map<number, RouteTable | null>();
  readonly #assignments = new Map<string, Uint8Array | null>();
  /** Indexes that came with a snapshot, until the control plane has sent the real routes. */
  readonly #savedIndexes = new Map<number, HostIndexData>();
  /** CDS has been answered, or a snapshot stands in for it. */
  clustersKnown = false;

  assignment(name: string): Uint8Array | null | undefined {
    return this.#assignments.get(name);
  }

  /** A route configuration from a snapshot: a few virtual hosts, and the index of all that there were. */
  adoptRoutes(table: RouteTable, index: HostIndexData): void {
    this.routes.set(table.port, table);
    this.#savedIndexes.set(table.port, index);
  }

  forgetAssignment(name: string): void {
    this.#assignments.delete(name);
  }

  /** Takes the resources of one response, each by itself. Never throws. */
  take(typeUrl: string, resources: readonly DeltaResource[]): Taken {
    const taken: Taken = { accepted: [], refused: new Map(), changed: new Set() };
    for (const resource of resources) {
      const { name } = resource;
      if (resource.typeUrl !== typeUrl) {
        taken.refused.set(name, [`is a ${resource.typeUrl || 'resource without type'}`]);
        continue;
      }
      const result = this.#takeOne(typeUrl, name, resource.value);
      if (result.reasons.length === 0) taken.accepted.push(name);
      else taken.refused.set(name, result.reasons);
      if (result.changed) taken.changed.add(name);
    }
    if (typeUrl === TYPE_URL.cluster) {
      this.clusters.compact();
      this.clustersKnown = true;
    }
    return taken;
  }

  /** The control plane has these no more. Returns those that were there. */
  remove(typeUrl: string, names: Iterable<string>): Set<string> {
    const removed = new Set<string>();
    for (const name of names) {
      if (this.#removeOne(typeUrl, name)) removed.add(name);
    }
    return removed;
  }

  /** Every route only leads out: nothing of ours to do. */
  passesThrough(entry: VirtualHostEntry): boolean {
    return leadsOut(entry.virtualHost, (cluster) => this.isPassThrough(cluster));
  }

  /** The cluster sends calls where the application dialled. */
  isPassThrough(name: string): boolean {
    return name === PASSTHROUGH || this.clusters.leadsOut(name);
  }

  /** Who might be ours on a port. */
  index(port: number): HostIndexData | undefined {
    const saved = this.#savedIndexes.get(port);
    if (saved !== undefined) return saved;
    const table = this.routes.get(port);
    if (table === undefined) return undefined;
    if (table === null) return { slots: new Uint32Array(0), suffixes: [], prefixes: [], catchAll: false };
    return table.index(this.catchAll(port));
  }

  /** The `*` virtual host of a port does more than pass through. */
  catchAll(port: number): boolean {
    const saved = this.#savedIndexes.get(port);
    if (saved !== undefined) return saved.catchAll;
    const any = this.routes.get(port)?.any;
    return any !== undefined && !this.passesThrough(any);
  }

  #takeOne(typeUrl: string, name: string, bytes: Uint8Array) {
    switch (typeUrl) {
      case TYPE_URL.cluster: {
        const result = this.clusters.set(name, bytes);
        return typeof result === 'string' ? { reasons: [], changed: result === 'changed' } : bad(result);
      }
      case TYPE_URL.route:
        return this.#takeRoutes(name, bytes);
      default:
        return this.#takeAssignment(name, bytes);
    }
  }

  #takeRoutes(name: string, bytes: Uint8Array) {
    const port = Number(name);
    const former = this.routes.get(port) ?? undefined;
    if (former !== undefined && Buffer.compare(former.bytes, bytes) === 0)
      return { reasons: [], changed: false };
    const { table, reasons } = readRoutes(port, bytes, former);
    if (table === undefined) {
      // Nothing usable and nothing from before: calls on this port pass through rather than wait.
      if (!this.routes.has(port)) this.routes.set(port, null);
      return bad(reasons);
    }
    this.#savedIndexes.delete(port);
    this.routes.set(port, table);
    return { reasons, changed: true };
  }

  #takeAssignment(name: string, bytes: Uint8Array) {
    const former = this.#assignments.get(name);
    if (former && Buffer.compare(former, bytes) === 0) return { reasons: [], changed: false };
    const decoded = decodeLoadAssignment(bytes);
    const reasons = !decoded.ok
      ? decoded.reasons
      : decoded.value.clusterName !== name
        ? [`the resource is named "${decoded.value.clusterName}" inside`]
        : [];
    if (reasons.length > 0) {
      // Nothing usable and nothing from before: a cluster without endpoints rather than one that is waited for.
      if (former === undefined) this.#assignments.set(name, null);
      return { reasons, changed: former === undefined };
    }
    this.#assignments.set(name, Buffer.from(bytes));
    return { reasons: [], changed: true };
  }

  #removeOne(typeUrl: string, name: string): boolean {
    if (typeUrl === TYPE_URL.cluster) return this.clusters.delete(name);
    if (typeUrl === TYPE_URL.route) {
      const had = this.routes.get(Number(name));
      this.#savedIndexes.delete(Number(name));
      this.routes.set(Number(name), null);
      return had !== null;
    }
    const had = this.#assignments.get(name);
    this.#assignments.set(name, null);
    return had !== null;
  }
}

function bad(reasons: readonly string[]) {
  return { reasons, changed: false };
}

function leadsOut(virtualHost: VirtualHost, isOut: (cluster: string) => boolean): boolean {
  return (
    virtualHost.routes.length > 0 &&
    virtualHost.routes.every(
      ({ action }) => action.kind === 'forward' && action.clusters.every(({ name }) => isOut(name)),
    )
  );
}
