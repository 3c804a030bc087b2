import type { Fraction } from '../../model';

/** Draws once: true for `numerator` of `denominator` calls. `random` is uniform in [0, 1). */
export function drawFraction(fraction: Fraction, random: () => number): boolean {
  if (fraction.numerator >= fraction.denominator) return true;
  return fraction.numerator > 0 && random() * fraction.denominator < fraction.numerator;
}
