/** Explanations of what the matchers do, for `inmesh explain`. Nothing here runs during a call. */

import type { Fraction, Route, VirtualHost } from '../../model';
import type { MatchInput } from '../request';
import { type Condition, conditionsOf } from './conditions';

export type { Condition } from './conditions';

/**
 * `chosen`: the first that takes the request. `sometimes`: takes a share of such requests, and comes before the chosen
 * one. `no`: a condition does not hold. `later`: would take it, but an earlier one does. `broken`: cannot be compiled.
 */
export type Verdict = 'chosen' | 'sometimes' | 'no' | 'later' | 'broken';

export interface RouteExplanation {
  /** Place among the routes of the virtual host, from 0. */
  readonly index: number;
  readonly route: Route;
  readonly verdict: Verdict;
  /** Empty when broken. */
  readonly conditions: readonly Condition[];
  /** The share of matching requests that the route takes; absent = all. */
  readonly fraction?: Fraction;
  /** Why it is broken. */
  readonly problem?: string;
}

const NONE: ReadonlyMap<Route, string> = new Map();

/** Every route of a virtual host with its verdict, in order. `broken`: routes that take nothing, with why. Never throws. */
export function explainRoutes(
  virtualHost: VirtualHost,
  input: MatchInput,
  broken: ReadonlyMap<Route, string> = NONE,
): RouteExplanation[] {
  let chosen = false;
  return virtualHost.routes.map((route, index): RouteExplanation => {
    const reason = broken.get(route);
    if (reason !== undefined) return { index, route, verdict: 'broken', conditions: [], problem: reason };
    let conditions: readonly Condition[];
    try {
      conditions = conditionsOf(route.match, input);
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      return { index, route, verdict: 'broken', conditions: [], problem };
    }
    const fraction = partial(route.match.runtimeFraction);
    const verdict = judge(conditions, fraction, chosen);
    chosen ||= verdict === 'chosen';
    return { index, route, verdict, conditions, ...(fraction ? { fraction } : {}) };
  });
}

function judge(
  conditions: readonly Condition[],
  fraction: Fraction | undefined,
  chosenBefore: boolean,
): Verdict {
  if (!conditions.every(({ holds }) => holds) || fraction?.numerator === 0) return 'no';
  if (chosenBefore) return 'later';
  return fraction === undefined ? 'chosen' : 'sometimes';
}

/** A fraction that takes everything is none. */
function partial(fraction: Fraction | undefined): Fraction | undefined {
  return fraction === undefined || fraction.numerator >= fraction.denominator ? undefined : fraction;
}
