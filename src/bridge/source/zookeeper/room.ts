/** What the parts of this source share. */

import type { Problems } from './problems';

/** A node that is followed until it is ended. */
export interface Following {
  end(): void;
}

/** Where nodes are followed; a change calls back with the new value, undefined when the node does not exist. */
export interface Tree {
  children(path: string, changed: (names: readonly string[] | undefined) => void): Following;
  data(path: string, changed: (data: Buffer | undefined) => void): Following;
}

export interface Room {
  readonly feed: Tree;
  readonly problems: Problems;
  readonly holding: {
    readonly now: () => number;
    readonly hold: () => number;
  };
  /** Something is to be reported soon. */
  readonly changed: () => void;
}
