/** What the parts of this source share. */

import type { Feed } from './feed';
import type { Problems } from './problems';

export interface Room {
  readonly feed: Feed;
  readonly problems: Problems;
  readonly holding: {
    readonly now: () => number;
    readonly hold: () => number;
  };
  /** Something is to be reported soon. */
  readonly changed: () => void;
}
