/** What the hook needs of a client, whichever package it is of: its own methods, as they were. */

/** What a question for children came to. */
export type Listed =
  | { readonly names: readonly string[]; readonly stat?: object | undefined }
  /** `said`: what the application's callback is called with. */
  | { readonly failed: 'no-node' | 'away' | 'other'; readonly said: readonly unknown[] }
  /** The server has gone, and the client keeps the question for when it is back, if it is not lost: more may come. */
  | { readonly kept: true };

/** `W`: what watches a node's children. */
export interface Tree<W> {
  /** Questions wait for the server to come back, or fail. */
  readonly isAway: boolean;
  /** Gives what the client's method gives back at once. `wantsStat`: names alone may be cheaper. */
  list(path: string, watcher: W | undefined, done: (listed: Listed) => void, wantsStat: boolean): unknown;
  /** Data of a node; undefined where there is none. */
  read(path: string, done: (data: string | undefined) => void): void;
  /** `came`: the node is made. `done`: whether it is there; undefined where nobody says. */
  await(path: string, came: () => void, done: (isThere: boolean | undefined) => void): void;
  /** Watches although the server has not answered: clients set watchers only when it has. */
  watch(path: string, watcher: W): void;
  /** Calls the watchers of a node's children, each once, as the client does it. */
  fire(path: string): void;
  /** Stat of a node that is not the registry's; `like`: a real one. */
  stat(like: object | undefined, dataLength: number): object;
}
