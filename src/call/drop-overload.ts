/** Envoy's `drop_overloads`: a share of the calls to a cluster is refused, as its endpoints asked the control plane. */

import type { LoadAssignment } from '../model';

/** The answer in place of the call. */
export interface Drop {
  readonly body: string;
  readonly flag: string;
  /** Response header that says so; its value is `true`. */
  readonly header: string;
}

const SOME: Drop = { body: 'drop overload', flag: 'DO', header: 'x-envoy-drop-overload' };
const ALL: Drop = {
  body: 'unconditional drop overload',
  flag: 'UDO',
  header: 'x-envoy-unconditional-drop-overload',
};

/** Decides about one call; undefined = it goes on. `random` is uniform in [0, 1). */
export function drawDrop({ dropOverloads }: LoadAssignment, random: () => number): Drop | undefined {
  for (const { fraction } of dropOverloads) {
    if (fraction.numerator >= fraction.denominator) return ALL;
    if (fraction.numerator > 0 && random() * fraction.denominator < fraction.numerator) return SOME;
  }
  return undefined;
}
