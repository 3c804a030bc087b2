import type { Ask } from './protocol';

/** Application worker threads of this process find the main thread's link here (decision 14). */
export const LINK_CHANNEL = 'inmesh:link:1';

/** The channel on which one proxy is answered. */
export function proxyChannel(id: string): string {
  return `${LINK_CHANNEL}:${id}`;
}

/** A proxy says so this often; silent for three times as long, it is gone (its thread ended). */
export const ALIVE_MS = 30_000;

/** Proxy to main thread. */
export type ProxyRequest =
  | { readonly type: 'alive'; readonly id: string }
  | { readonly type: 'ask'; readonly id: string; readonly ask: Ask };
