import type { Ask } from '../../src/link/protocol';
import type { FeedRecorder } from './link-harness';

/** Everything a call could see of a feed, in an order of its own; `asks` are the hosts it follows. */
export function feedModel(feed: FeedRecorder, asks: readonly Ask[]) {
  const byName = <T>(entries: Iterable<readonly [string, T]>) =>
    [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    ports: [...(feed.ports ?? [])].sort(),
    hosts: byName(feed.hosts),
    clusters: byName(feed.clusters),
    indexed: asks.map(({ port, host }) => feed.ports?.has(port) && feed.indexes.get(port)?.mayHold(host)),
  };
}

export type FeedModel = ReturnType<typeof feedModel>;

/** Names whose content differs, with both contents. */
export function modelDifferences(long: FeedModel, fresh: FeedModel): string[] {
  const found: string[] = [];
  for (const part of ['hosts', 'clusters'] as const) {
    const [a, b] = [new Map<string, unknown>(long[part]), new Map<string, unknown>(fresh[part])];
    for (const name of new Set([...a.keys(), ...b.keys()])) {
      const [mine, its] = [JSON.stringify(a.get(name)), JSON.stringify(b.get(name))];
      if (mine !== its) found.push(`${name} is ${mine}, fresh ${its}`);
    }
  }
  const rest = (m: FeedModel) => JSON.stringify([m.ports, m.indexed]);
  if (rest(long) !== rest(fresh)) found.push(`ports and indexes are ${rest(long)}, fresh ${rest(fresh)}`);
  return found;
}
