import { failureOf, NODE_CHILDREN_CHANGED } from './codes';
import { Kept } from './kept';
import type { Watcher, ZooKeeperClient } from './shapes';
import type { Listed, Tree } from './tree';

export type Originals = Pick<ZooKeeperClient, 'getChildren' | 'getData' | 'exists'>;

/** A client of node-zookeeper-client. */
export class ClientTree implements Tree<Watcher> {
  /** Of questions that are not answered yet. */
  readonly #kept = new Kept<(listed: Listed) => void>();

  constructor(
    private readonly client: ZooKeeperClient,
    /** Absent until the first of all clients is made. */
    private readonly original: () => Originals,
  ) {
    // What it has not sent when the connection ends it neither sends nor answers until it has another one.
    client.connectionManager.on('state', () => {
      if (!this.isAway) return;
      for (const done of this.#kept.takeAll()) queueMicrotask(() => done({ kept: true }));
    });
  }

  get isAway(): boolean {
    return this.client.getState().name === 'DISCONNECTED';
  }

  list(path: string, watcher: Watcher | undefined, done: (listed: Listed) => void): void {
    const kept = this.#kept.add(done);
    this.original().getChildren.call(this.client, path, watcher, (error, names, stat) => {
      this.#kept.remove(kept);
      if (error || !Array.isArray(names))
        done({ failed: failureOf(error?.getCode?.()), said: [error, names, stat] });
      else done({ names, stat });
    });
  }

  read(path: string, done: (data: string | undefined) => void): void {
    this.original().getData.call(this.client, path, undefined, (error, data) =>
      done(error || data === undefined ? undefined : data.toString()),
    );
  }

  await(path: string, came: () => void, done: (isThere: boolean | undefined) => void): void {
    this.original().exists.call(this.client, path, came, (error, stat) =>
      done(error ? undefined : Boolean(stat)),
    );
  }

  watch(path: string, watcher: Watcher): void {
    this.client.connectionManager.registerChildWatcher(path, watcher);
  }

  fire(path: string): void {
    const { watcherManager } = this.client.connectionManager;
    // What the application's watchers throw is not the hook's failure.
    queueMicrotask(() => watcherManager.emit({ type: NODE_CHILDREN_CHANGED, path }));
  }

  stat(like: object | undefined, dataLength: number): object {
    const zero = Buffer.alloc(8);
    const fields = {
      ...{ czxid: zero, mzxid: zero, ctime: zero, mtime: zero, version: 0, cversion: 0, aversion: 0 },
      ...{ ephemeralOwner: zero, dataLength, numChildren: 0, pzxid: zero },
    };
    const prototype: object = like === undefined ? Object.prototype : Object.getPrototypeOf(like);
    return Object.assign(Object.create(prototype), like, fields);
  }
}
