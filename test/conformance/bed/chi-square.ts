/** Are two counts drawn from the same distribution? Pearson's chi-square over a table of two rows. */

/** The probability that counts as different as these come from one distribution. */
export function sameDistribution(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): number {
  const names = [...new Set([...a.keys(), ...b.keys()])];
  const [sumA, sumB] = [total(a), total(b)];
  if (names.length < 2 || sumA === 0 || sumB === 0) return sumA > 0 === sumB > 0 ? 1 : 0;
  let statistic = 0;
  for (const name of names) {
    const [x, y] = [a.get(name) ?? 0, b.get(name) ?? 0];
    const [expectedA, expectedB] = [((x + y) * sumA) / (sumA + sumB), ((x + y) * sumB) / (sumA + sumB)];
    statistic += (x - expectedA) ** 2 / expectedA + (y - expectedB) ** 2 / expectedB;
  }
  return tail(statistic, names.length - 1);
}

/** The probability that counts as far from the shares (of any sum) come from them. */
export function fits(counts: ReadonlyMap<string, number>, shares: Readonly<Record<string, number>>): number {
  const sum = total(counts);
  const whole = Object.values(shares).reduce((a, b) => a + b, 0);
  if ([...counts.keys()].some((name) => !(shares[name]! > 0))) return 0;
  const names = Object.keys(shares);
  if (names.length < 2) return 1;
  let statistic = 0;
  for (const name of names) {
    const expected = (sum * shares[name]!) / whole;
    statistic += ((counts.get(name) ?? 0) - expected) ** 2 / expected;
  }
  return tail(statistic, names.length - 1);
}

function total(counts: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const count of counts.values()) sum += count;
  return sum;
}

/** Upper tail of the chi-square distribution, by Wilson and Hilferty's cube root: good enough far out in the tail. */
function tail(statistic: number, degrees: number): number {
  const spread = 2 / (9 * degrees);
  const z = (Math.cbrt(statistic / degrees) - (1 - spread)) / Math.sqrt(spread);
  return z < 0 ? 1 : normalTail(z);
}

/** Abramowitz and Stegun 26.2.17. */
function normalTail(z: number): number {
  const t = 1 / (1 + 0.2316419 * z);
  const series =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * series;
}
