/** Schemas of single values. */

import { isScalar } from 'yaml';
import { type Schema, wrongType } from './schema';

export function string(): Schema<string> {
  const expected = 'a string';
  return {
    expected,
    read(node, reader) {
      if (isScalar(node) && typeof node.value === 'string') return node.value;
      if (!isScalar(node) || node.value === null) return wrongType(node, reader, expected);
      const text = node.source ?? String(node.value);
      const why =
        typeof node.value === 'boolean' ? ' (YAML 1.1, as istiod reads it, takes it for a boolean)' : '';
      return reader.fail(
        node,
        `the ${typeof node.value} \`${text}\` where a string is expected${why}`,
        `put it in quotes: "${text}"`,
      );
    },
  };
}

export function boolean(): Schema<boolean> {
  const expected = 'true or false';
  return {
    expected,
    read: (node, reader) =>
      isScalar(node) && typeof node.value === 'boolean' ? node.value : wrongType(node, reader, expected),
  };
}

/** An integer in [min, max]; quoted digits are taken too, as in protobuf's JSON. */
export function integer(min: number, max: number): Schema<number> {
  const expected = `an integer from ${min} to ${max}`;
  return {
    expected,
    read(node, reader) {
      const value = isScalar(node) ? toNumber(node.value) : Number.NaN;
      return Number.isInteger(value) && value >= min && value <= max
        ? value
        : wrongType(node, reader, expected);
    },
  };
}

export const uint32 = (): Schema<number> => integer(0, 4294967295);
export const int32 = (): Schema<number> => integer(-2147483648, 2147483647);
export const portNumber = (): Schema<number> => integer(1, 65535);
export const percent = (): Schema<number> => integer(0, 100);

export function double(min = -Number.MAX_VALUE, max = Number.MAX_VALUE): Schema<number> {
  const expected = min === -Number.MAX_VALUE ? 'a number' : `a number from ${min} to ${max}`;
  return {
    expected,
    read(node, reader) {
      const value = isScalar(node) ? toNumber(node.value) : Number.NaN;
      return value >= min && value <= max ? value : wrongType(node, reader, expected);
    },
  };
}

export function enumeration<const T extends string>(...names: readonly T[]): Schema<T> {
  const expected = `one of ${names.join(', ')}`;
  return {
    expected,
    read(node, reader) {
      const value = isScalar(node) ? node.value : undefined;
      if (typeof value === 'string' && (names as readonly string[]).includes(value)) return value as T;
      return wrongType(node, reader, expected);
    },
  };
}

const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};
const DURATION = /^(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|ms|s|m|h)/;

/** Go's duration syntax (`1.5s`, `100ms`, `1h30m`), in milliseconds. */
export function duration(minMs = 0): Schema<number> {
  const expected = 'a duration such as 10s, 1.5s, 250ms or 1h30m';
  return {
    expected,
    read(node, reader) {
      const value = isScalar(node) ? node.value : undefined;
      const ms = typeof value === 'string' ? parseDuration(value) : undefined;
      if (ms === undefined) return wrongType(node, reader, expected);
      if (ms < minMs) {
        return reader.fail(node, `the duration \`${value}\` is too short`, `use at least ${minMs}ms`);
      }
      return ms;
    },
  };
}

/** Milliseconds, or undefined when the text is no duration. */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0;
  let rest = text;
  let total = 0;
  do {
    const part = DURATION.exec(rest)?.[0];
    if (!part) return undefined;
    const unit = /[a-zµ]+$/.exec(part)![0];
    total += Number(part.slice(0, -unit.length)) * UNIT_MS[unit]!;
    rest = rest.slice(part.length);
  } while (rest !== '');
  return total;
}

function toNumber(value: unknown): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : Number.NaN;
}
