/** Inner shapes of node-zookeeper-client 0.1 to 1.1, as far as the hook touches them. */

export type Watcher = (event: { getType(): number }) => void;
export type ChildrenDone = (
  error: ZooKeeperError | null,
  children?: readonly string[],
  stat?: object,
) => void;
export type DataDone = (error: ZooKeeperError | null, data?: Buffer, stat?: object) => void;
export type ExistsDone = (error: ZooKeeperError | null, stat?: object | null) => void;

export interface ZooKeeperError {
  getCode?(): number;
}

export interface ZooKeeperClient {
  readonly connectionManager: {
    on(event: 'state', listener: () => void): unknown;
    registerChildWatcher(path: string, watcher: Watcher): void;
    readonly watcherManager: { emit(event: { type: number; path: string }): void };
  };
  getState(): { readonly name: string };
  getChildren(path: string, watcher: Watcher | undefined, done: ChildrenDone): void;
  getData(path: string, watcher: Watcher | undefined, done: DataDone): void;
  exists(path: string, watcher: Watcher | undefined, done: ExistsDone): void;
  close(): void;
}
