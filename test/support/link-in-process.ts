import { FeedCache } from '../../src/link/feed-cache';
import type { Ask, WorkerMessage } from '../../src/link/protocol';
import { Link, type LinkOptions } from '../../src/link/worker/link';
import { FeedRecorder, linkSettings } from './link-harness';

/** The worker's side of a link without a thread, its messages cloned as the port would. */
export function linkInProcess(
  xds: string,
  asks: readonly Ask[],
  options: Pick<LinkOptions, 'absentAfterMs'> = {},
): { feed: FeedRecorder; stop(): void } {
  const feed = new FeedRecorder();
  const cache = new FeedCache();
  cache.listen(feed);
  const receive = (message: WorkerMessage) => {
    if (message.type === 'log' || message.type === 'unsupported') return;
    cache.receive(structuredClone(message));
    if (message.type === 'batch') setImmediate(() => link.receive({ type: 'batch-read' }));
  };
  const start = { settings: linkSettings(xds), nodeName: 'fresh-1', asks, clusters: [] };
  const link: Link = new Link({ start, post: receive, ...options });
  link.start();
  return { feed, stop: () => link.stop() };
}
