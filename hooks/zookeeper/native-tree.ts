import { CHANGED, CREATED, DELETED, failureOf, NODE_CHILDREN_CHANGED, OK, SESSION_EVENT } from './codes';
import {
  type Children2Done,
  isConnected,
  type NativeClient,
  type NativeOriginals,
  type NativeWatcher,
  nativeStat,
} from './native-shapes';
import type { Listed, Tree } from './tree';

/** Events of the client for those who asked with `watch: true`. */
const EVENTS: Readonly<Record<number, string>> = {
  [CREATED]: 'created',
  [DELETED]: 'deleted',
  [CHANGED]: 'changed',
  [NODE_CHILDREN_CHANGED]: 'child',
};

/**
 * A client of `zookeeper`. Its C library keeps a watcher until the server fires it, and cannot be made to fire one: so
 * it gets one of ours for each node, and the application's are kept here, once each, until the server or the mesh has
 * something new.
 */
export class NativeTree implements Tree<NativeWatcher> {
  readonly #watchers = new Map<string, Set<NativeWatcher>>();
  /** Nodes that the server watches for us, or is asked to. */
  readonly #armed = new Set<string>();
  /** It has been connected, and is not closed. */
  #isOpen: boolean;
  /** Stands for all that asked with `watch: true`. */
  readonly everyone: NativeWatcher = (type, _state, path) => {
    const { native } = this.client;
    const event = EVENTS[type];
    if (event !== undefined) native.emit(event, native, path);
  };

  constructor(
    private readonly client: NativeClient,
    private readonly original: NativeOriginals,
    /** Looks whether the node's children are others than were handed out. */
    private readonly seen: (path: string, names: readonly string[]) => void,
  ) {
    this.#isOpen = isConnected(client.state);
  }

  get isAway(): boolean {
    const { state } = this.client;
    return state === 0 ? this.#isOpen : state > 0 && !isConnected(state);
  }

  list(
    path: string,
    watcher: NativeWatcher | undefined,
    done: (listed: Listed) => void,
    wantsStat: boolean,
  ): number {
    const arms = watcher !== undefined && !this.#armed.has(path);
    const answered: Children2Done = (rc, error, names, stat) => {
      if (rc !== OK || !Array.isArray(names)) {
        if (arms) this.#armed.delete(path);
        done({ failed: failureOf(rc), said: [rc, error, names, stat] });
        return;
      }
      if (watcher !== undefined) this.watch(path, watcher);
      // What it relied on has been used up, or has failed, in the meantime.
      if (watcher !== undefined && !this.#armed.has(path)) this.#armAgain(path);
      done({ names, stat });
    };
    if (arms) return this.#arm(path, answered);
    const { a_get_children, a_get_children2 } = this.original;
    // The C library makes a stat of thirteen values for each answer that has one.
    return (wantsStat ? a_get_children2 : a_get_children).call(this.client, path, false, answered);
  }

  read(path: string, done: (data: string | undefined) => void): void {
    const rc = this.original.a_get.call(this.client, path, false, (code, _error, _stat, data) =>
      done(code === OK && data ? String(data) : undefined),
    );
    if (rc !== OK) done(undefined);
  }

  await(path: string, came: () => void, done: (isThere: boolean | undefined) => void): void {
    const watcher: NativeWatcher = (type) => {
      if (type !== SESSION_EVENT) came();
    };
    const rc = this.original.aw_exists.call(this.client, path, watcher, (code) => {
      const failure = failureOf(code);
      done(code === OK ? true : failure === 'no-node' ? false : undefined);
    });
    if (rc !== OK) done(undefined);
  }

  watch(path: string, watcher: NativeWatcher): void {
    const watchers = this.#watchers.get(path);
    if (watchers === undefined) this.#watchers.set(path, new Set([watcher]));
    else watchers.add(watcher);
  }

  fire(path: string): void {
    this.#deliver(path, NODE_CHILDREN_CHANGED, this.client.state);
  }

  stat(_like: object | undefined, dataLength: number): object {
    return nativeStat(dataLength);
  }

  /** The client is connected again: who was answered without the server hears whether it has something else. */
  connected(): void {
    this.#isOpen = true;
    for (const path of [...this.#watchers.keys()]) if (!this.#armed.has(path)) this.#armAgain(path);
  }

  closed(): void {
    this.#isOpen = false;
    this.#watchers.clear();
    this.#armed.clear();
  }

  #armAgain(path: string): void {
    this.#arm(path, (rc, _error, names) => {
      if (rc === OK && Array.isArray(names)) this.seen(path, names);
      else {
        this.#armed.delete(path);
        if (failureOf(rc) === 'no-node') this.fire(path);
      }
    });
  }

  #arm(path: string, done: Children2Done): number {
    this.#armed.add(path);
    const rc = this.original.aw_get_children2.call(
      this.client,
      path,
      (type, state) => this.#event(path, type, state),
      done,
    );
    if (rc !== OK) this.#armed.delete(path);
    return rc;
  }

  /** Of the server, or of the session, of which watchers hear without being used up. */
  #event(path: string, type: number, state: number): void {
    if (type === SESSION_EVENT) {
      for (const watcher of this.#watchers.get(path) ?? []) watcher(type, state, '');
      return;
    }
    this.#armed.delete(path);
    this.#deliver(path, type, state);
  }

  #deliver(path: string, type: number, state: number): void {
    const watchers = this.#watchers.get(path);
    if (watchers === undefined) return;
    this.#watchers.delete(path);
    // What the application's watchers throw is not the hook's failure.
    for (const watcher of watchers) queueMicrotask(() => watcher(type, state, path));
  }
}
