/** Scalars and small messages that occur everywhere. */

import type { Fraction } from '../model';
import type { Findings } from './decoded';
import type { pb } from './pb';

type Maybe<T> = T | null | undefined;

/** 64-bit integers come as objects with `toNumber` where the protobuf library finds `long`. */
type Integer = number | { toNumber(): number };

/** Node's timers hold no more: some 24 days, "never" for any call. */
const MAX_TIMER_MS = 2 ** 31 - 1;

const UINT32_MAX = 0xffffffff;

export function integer(value: Maybe<Integer>): number {
  if (value === null || value === undefined) return 0;
  return typeof value === 'number' ? value : value.toNumber();
}

/** Value of a wrapper message; `otherwise` when the wrapper is absent (a present wrapper may hold 0). */
export function wrapped(wrapper: Maybe<{ value?: Integer | null }>, otherwise: number): number {
  return wrapper ? integer(wrapper.value) : otherwise;
}

export function wrappedBool(wrapper: Maybe<{ value?: boolean | null }>, otherwise: boolean): boolean {
  return wrapper ? wrapper.value === true : otherwise;
}

/** Limits: istiod says "none" with the greatest number. */
export function limit(wrapper: Maybe<{ value?: number | null }>, otherwise: number): number {
  const value = wrapped(wrapper, otherwise);
  return value >= UINT32_MAX ? Number.POSITIVE_INFINITY : value;
}

type Duration = Maybe<pb.google.protobuf.Duration.$Properties>;

/** Milliseconds, at most what a timer holds; undefined when absent. Negative and out-of-range ones are refused. */
export function durationMs(findings: Findings, field: string, duration: Duration): number | undefined {
  if (!duration) return undefined;
  const seconds = integer(duration.seconds);
  const nanos = duration.nanos ?? 0;
  if (seconds < 0 || nanos < 0 || nanos > 999_999_999 || seconds > 315_576_000_000) {
    findings.invalid(field, `${seconds}s ${nanos}ns is no duration that can be waited for`);
    return undefined;
  }
  return Math.min(seconds * 1000 + nanos / 1e6, MAX_TIMER_MS);
}

/** As `durationMs`, but zero is refused too. */
export function positiveDurationMs(
  findings: Findings,
  field: string,
  duration: Duration,
): number | undefined {
  const ms = durationMs(findings, field, duration);
  if (ms === 0) findings.invalid(field, 'must be greater than 0');
  return ms;
}

const DENOMINATORS = [100, 10_000, 1_000_000];

export function fraction(
  findings: Findings,
  field: string,
  percent: Maybe<pb.envoy.type.v3.FractionalPercent.$Properties>,
): Fraction {
  const denominator = DENOMINATORS[percent?.denominator ?? 0];
  if (denominator === undefined)
    findings.invalid(`${field}.denominator`, `${percent?.denominator} is unknown`);
  return { numerator: percent?.numerator ?? 0, denominator: denominator ?? 100 };
}

/** There is no runtime to look the key up in: the default counts. */
export function runtimeFraction(
  findings: Findings,
  field: string,
  value: pb.envoy.config.core.v3.RuntimeFractionalPercent.$Properties,
): Fraction {
  if (!value.defaultValue) findings.invalid(`${field}.default_value`, 'is missing');
  return fraction(findings, `${field}.default_value`, value.defaultValue);
}

/** A percentage as a number 0–100; refused outside. */
export function percent(
  findings: Findings,
  field: string,
  value: Maybe<pb.envoy.type.v3.Percent.$Properties>,
  otherwise: number,
): number {
  if (!value) return otherwise;
  const number = value.value ?? 0;
  if (!(number >= 0 && number <= 100)) findings.invalid(field, `${number} is not between 0 and 100`);
  return number;
}
