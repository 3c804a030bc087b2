import type { View } from './plan';
import type { Ownership, Scheme } from './seam';
import type { Waiter } from './waiting';

/** What the link said of a host, compiled. */
export interface HostWord {
  /** Compiled virtual host, for plain HTTP. */
  readonly view: View | undefined;
  /** Cluster name, for TLS that the application begins. */
  readonly tlsCluster: string;
  /** All clusters that its calls may go to. */
  readonly clusters: readonly string[];
}

/** One host on one port: what the link said of it, compiled. */
export class HostEntry {
  ownership: Ownership = 'unknown';
  view: View | undefined;
  tlsCluster = '';
  clusters: readonly string[] = [];
  /** The last word of the link, also while it is not in force yet. */
  word: HostWord | undefined;
  /** Calls parked until the host is known. */
  waiters: Waiter[] | undefined;
  /** The last Host header that was found to mean this very host: saves looking at it again. */
  ownAuthority = '';

  constructor(
    readonly scheme: Scheme,
    /** Lower case, no trailing dot. */
    readonly host: string,
    readonly port: number,
  ) {}
}

/** Stands for all hosts that are not ours. */
export const NOT_OURS = new HostEntry('http', '', 0);
NOT_OURS.ownership = 'not-ours';
