/** What crosses the message port between the application's main thread and the link's worker. */

import type { Settings } from '../config';
import type { ClusterSnapshot, HostIndexData, HostService, LinkState, UnsupportedField } from '../model';
import type { LogLevel } from '../observe';

export type Scheme = 'http' | 'https';

/** One host on one port that the main thread wants to know about. */
export interface Ask {
  readonly scheme: Scheme;
  readonly port: number;
  /** Lower case, no trailing dot, no port. */
  readonly host: string;
}

/** `null` = not ours. */
export interface HostAnswer extends Ask {
  readonly service: HostService | null;
}

/**
 * One bite of changes, small enough to be read without stopping the application. In this order: clusters that
 * the hosts need, hosts, clusters that nobody needs any more. The worker sends the next when this is acknowledged.
 */
export interface Batch {
  readonly changed: readonly ClusterSnapshot[];
  readonly hosts: readonly HostAnswer[];
  readonly removed: readonly string[];
}

/** What a feed says. Every thread of the application gets the same. */
export type FeedMessage =
  | { readonly type: 'state'; readonly state: LinkState; readonly hasViews: boolean }
  | { readonly type: 'ports'; readonly ports: readonly number[] }
  | { readonly type: 'index'; readonly port: number; readonly data: HostIndexData }
  | { readonly type: 'batch'; readonly batch: Batch };

/** Worker to main thread. */
export type WorkerMessage =
  | FeedMessage
  | { readonly type: 'unsupported'; readonly fields: readonly UnsupportedField[] }
  | {
      readonly type: 'log';
      readonly level: LogLevel;
      readonly event: string;
      readonly message: string;
      readonly fields?: Readonly<Record<string, unknown>>;
      readonly key?: string;
    };

/** Main thread to worker. */
export type MainMessage = { readonly type: 'ask'; readonly ask: Ask } | { readonly type: 'batch-read' };

/** What the worker starts with. */
export interface WorkerStart {
  readonly settings: Settings;
  /** The pod name of the node id: with the process id in it for a child of `node:cluster`. */
  readonly nodeName: string;
  /** Hosts to follow from the beginning: those of the worker before, if this one replaces it. */
  readonly asks: readonly Ask[];
  /** Clusters the main thread holds already; those nobody needs any more are taken back. */
  readonly clusters: readonly string[];
}

export function askKey(ask: Ask): string {
  return `${ask.scheme}:${ask.port}:${ask.host}`;
}
