/** Inner shapes of node-zookeeper-client 0.1 to 1.1, as far as the hook touches them. */

export type Watcher = (event: { getType(): number }) => void;
export type ChildrenDone = (error: ZooKeeperError | null, children?: string[], stat?: object) => void;
export type DataDone = (error: ZooKeeperError | null, data?: Buffer, stat?: object) => void;

export interface ZooKeeperError {
  getCode?(): number;
}

export interface ZooKeeperClient {
  readonly connectionManager: {
    registerChildWatcher(path: string, watcher: Watcher): void;
    readonly watcherManager: { emit(event: { type: number; path: string }): void };
  };
  getState(): { readonly name: string };
  getChildren(path: string, watcher: Watcher | undefined, done: ChildrenDone): void;
  getData(path: string, watcher: Watcher | undefined, done: DataDone): void;
  exists(path: string, watcher: Watcher | undefined, done: (error: unknown, stat?: object) => void): void;
}

export const NO_NODE = -101;
export const NODE_CHILDREN_CHANGED = 4;

/** Stat of a node that is not the registry's; `like`: a real one, whose kind it is to be. */
export function syntheticStat(like: object | undefined, dataLength: number): object {
  const zero = Buffer.alloc(8);
  const fields = {
    ...{ czxid: zero, mzxid: zero, ctime: zero, mtime: zero, version: 0, cversion: 0, aversion: 0 },
    ...{ ephemeralOwner: zero, dataLength, numChildren: 0, pzxid: zero },
  };
  return Object.assign(
    Object.create(like === undefined ? Object.prototype : Object.getPrototypeOf(like)),
    like,
    fields,
  );
}
