/** Inner shapes of the native client `zookeeper` 4 to 7, as far as the hook touches them. */

/** `path` is empty for events of the session. */
export type NativeWatcher = (type: number, state: number, path: string, handback?: unknown) => void;
export type Children2Done = (rc: number, error: string, names?: string[] | null, stat?: object) => void;
export type NativeDataDone = (
  rc: number,
  error: string,
  stat?: object | null,
  data?: Buffer | string | null,
) => void;
export type NativeStatDone = (rc: number, error: string, stat?: object | null) => void;

export interface NativeClient {
  readonly native: { emit(event: string, ...args: unknown[]): unknown };
  /** Negative: over; 0: closed, not begun, or between two attempts to connect. */
  readonly state: number;
  /** Of data handed out; null: buffers. */
  readonly encoding: BufferEncoding | null;
  /** As the others, without the stat. */
  a_get_children(path: string, watch: boolean, done: Children2Done): number;
  aw_get_children(path: string, watcher: NativeWatcher, done: Children2Done): number;
  a_get_children2(path: string, watch: boolean, done: Children2Done): number;
  aw_get_children2(path: string, watcher: NativeWatcher, done: Children2Done): number;
  a_get(path: string, watch: boolean, done: NativeDataDone): number;
  aw_exists(path: string, watcher: NativeWatcher, done: NativeStatDone): number;
}

export type NativeOriginals = Pick<
  NativeClient,
  'a_get_children' | 'aw_get_children' | 'a_get_children2' | 'aw_get_children2' | 'a_get' | 'aw_exists'
>;

/** Connected, or connected to a server that only reads. */
export function isConnected(state: number): boolean {
  return state === 3 || state === 5;
}

/** Stat of a node that is not the registry's. */
export function nativeStat(dataLength: number): object {
  const never = new Date(0);
  return {
    ...{ czxid: 0, mzxid: 0, pzxid: 0, dataLength, numChildren: 0, version: 0, cversion: 0, aversion: 0 },
    ...{ ctime: never, mtime: never, ephemeralOwner: '0', createdInThisSession: false },
  };
}
