/**
 * The connection to the control plane: a worker thread follows it, the application's threads get what they use.
 * Only this side is loaded by the application; the worker is a bundle of its own (`worker/main.ts`).
 */

import type { MeshFeed } from '../model';
import { type LinkFeed, LinkHandle, type LinkHandleOptions } from './handle';
import { LinkProxy } from './proxy';

export type { LinkFeed, LinkHandleOptions } from './handle';

/**
 * The link of a process's main thread. Cheap: the worker starts with `start()`, or with the first question of an
 * application's worker thread. One per process.
 */
export function createLink(options: LinkHandleOptions): LinkFeed {
  return new LinkHandle(options);
}

/** The link of an application's worker thread, served by the main thread's `createLink`. */
export function createLinkProxy({ log }: Pick<LinkHandleOptions, 'log'>): MeshFeed {
  return new LinkProxy(log);
}
