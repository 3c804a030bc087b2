/**
 * What the link tells the main thread, and what the main thread asks of it. `link/` implements `MeshFeed`,
 * `call/` listens; `preload` wires the two.
 */

import type { ClusterSnapshot } from './cluster';
import type { HostIndex } from './host-index';
import type { VirtualHost } from './route';

/**
 * `idle`: not started. `connecting`: no answer yet. `up`: the control plane has answered on the current stream.
 * `down`: the last attempt failed or the stream broke; views stay.
 */
export type LinkState = 'idle' | 'connecting' | 'up' | 'down';

/** What a host on a port is in the mesh. */
export type HostService =
  /** Plain HTTP: routed by the virtual host. */
  | { readonly kind: 'http'; readonly virtualHost: VirtualHost }
  /** TLS begun by the application: only the endpoint is chosen. */
  | { readonly kind: 'tls'; readonly cluster: string };

export interface FeedListener {
  /** `hasViews`: answers can be given although the link is down (kept state or disk snapshot). */
  onState(state: LinkState, hasViews: boolean): void;
  /** Ports of all outbound clusters, after CDS. A port that is not among them has no mesh service. */
  onClusterPorts(ports: ReadonlySet<number>): void;
  /** The route configuration of a port: who might be ours on it. Replaces the former. */
  onPortIndex(port: number, index: HostIndex): void;
  /** The answer to `ask`, and every later change of it. null = not ours. Its clusters were announced before it. */
  onHost(scheme: 'http' | 'https', port: number, host: string, service: HostService | null): void;
  /** Clusters of hosts in use, with endpoints: new or changed ones, and those gone. */
  onClusters(changed: readonly ClusterSnapshot[], removed: readonly string[]): void;
}

export interface MeshFeed {
  readonly state: LinkState;
  /** Starts the worker at the first use; idempotent, never throws. */
  start(): void;
  /** Asks for a host (lower case, no trailing dot, no port) and follows it from then on. Idempotent. */
  ask(scheme: 'http' | 'https', port: number, host: string): void;
  /** What listeners were last told of a host that anybody asked for; null = not ours, undefined = nothing yet. */
  answer(scheme: 'http' | 'https', port: number, host: string): HostService | null | undefined;
  listen(listener: FeedListener): void;
}
