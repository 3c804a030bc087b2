import type { Endpoint, LoadAssignment } from '../model';
import { EndpointState } from './endpoint-state';

/** A position that moves with every pick and survives pushes. */
export interface Cursor {
  position: number;
}

/** Everything about one cluster that changes with calls, not with pushes. */
export class ClusterState {
  private endpoints = new Map<string, EndpointState>();
  private byLocality: readonly (readonly EndpointState[])[] = [];
  private readonly cursors = new Map<string, Cursor>();

  constructor(readonly name: string) {}

  /** Follows a push: known endpoints keep their state, new ones start afresh, those gone are dropped. */
  follow(assignment: LoadAssignment): void {
    const kept = new Map<string, EndpointState>();
    this.byLocality = assignment.localities.map(({ endpoints }) => {
      const hosts: EndpointState[] = [];
      for (const endpoint of endpoints) {
        const key = endpointKey(endpoint);
        if (kept.has(key)) continue;
        const host = this.endpoints.get(key) ?? new EndpointState(key, endpoint);
        host.endpoint = endpoint;
        kept.set(key, host);
        hosts.push(host);
      }
      return hosts;
    });
    this.endpoints = kept;
  }

  /** The endpoints of the last push by the position of their locality; an address named twice is in the first. */
  get localities(): readonly (readonly EndpointState[])[] {
    return this.byLocality;
  }

  /** The state of an endpoint of the last push. */
  endpoint(endpoint: Endpoint): EndpointState | undefined {
    return this.endpoints.get(endpointKey(endpoint));
  }

  /** The same, by its key. */
  at(key: string): EndpointState | undefined {
    return this.endpoints.get(key);
  }

  /** All endpoints of the last push. */
  all(): Iterable<EndpointState> {
    return this.endpoints.values();
  }

  get size(): number {
    return this.endpoints.size;
  }

  /** The cursor of that name; a new one starts at `start`. */
  cursor(name: string, start: number): Cursor {
    let cursor = this.cursors.get(name);
    if (cursor === undefined) {
      cursor = { position: start };
      this.cursors.set(name, cursor);
    }
    return cursor;
  }
}

/** Identity of an endpoint inside its cluster. */
function endpointKey(endpoint: Endpoint): string {
  return `${endpoint.address}:${endpoint.port}`;
}
