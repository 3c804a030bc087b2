/** What decides whether and how much traffic a provider gets. Its weight is in its parameters, never the registry's own. */

/** Of a provider that says nothing (Constants.DEFAULT_WEIGHT). */
export const DEFAULT_WEIGHT = 100;

/** Weight and switch of a provider, as its parameters say. */
export interface Standing {
  readonly weight: number;
  /** False: `disabled=true`, or `enabled=false`, set by an operator's rule. */
  readonly enabled: boolean;
}

/** Reads `weight`, `disabled` and `enabled`. A weight that is no number is the default, as a consumer takes it. */
export function standingOf(params: Readonly<Record<string, string>>): Standing {
  const weight = params['weight'];
  const number = weight === undefined || weight.trim() === '' ? Number.NaN : Number(weight);
  return {
    weight: Number.isFinite(number) ? number : DEFAULT_WEIGHT,
    enabled: params['disabled'] !== 'true' && params['enabled'] !== 'false',
  };
}

/** One provider known in two ways: the first counts, but a switch-off in either does. */
export function combinedStanding(first: Standing, second: Standing): Standing {
  return {
    weight: second.weight <= 0 ? Math.min(first.weight, second.weight) : first.weight,
    enabled: first.enabled && second.enabled,
  };
}
