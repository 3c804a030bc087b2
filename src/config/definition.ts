/** How one setting is described and read. */

export type SettingType =
  | { readonly kind: 'switch' }
  | { readonly kind: 'text'; readonly check?: (text: string) => string | undefined }
  | { readonly kind: 'choice'; readonly of: readonly string[] }
  | { readonly kind: 'list'; readonly check?: (item: string) => string | undefined }
  | { readonly kind: 'duration' }
  | { readonly kind: 'integer'; readonly minimum: number; readonly maximum: number };

export interface Definition {
  /** Name of the environment variable, and of the key in the settings file. */
  readonly name: string;
  readonly type: SettingType;
  /** As a user would write it; empty = not set. */
  readonly default: string;
  /** Of a number or a duration, for the table. */
  readonly unit?: string;
  /** What it does, for the table. */
  readonly sentence: string;
  /** Other names that are read too; any of them may switch off what this one switches on. */
  readonly aliases?: readonly string[];
  /** May be changed by the settings file while the process runs. */
  readonly runTime?: boolean;
}

export type Value = string | boolean | number | readonly string[];

/** `ok: false` says what the value should have been. */
export type Parsed =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly expected: string };

const ON = new Set(['on', 'true', '1', 'yes']);
const OFF = new Set(['off', 'false', '0', 'no']);
const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/;
const MILLISECONDS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
/** The longest a timer of Node may wait. */
const LONGEST_MS = 2 ** 31 - 1;

/** Reads one value as its type says. Never throws. Durations become milliseconds. */
export function parseValue(type: SettingType, text: string): Parsed {
  const trimmed = text.trim();
  switch (type.kind) {
    case 'switch': {
      const word = trimmed.toLowerCase();
      if (ON.has(word)) return { ok: true, value: true };
      if (OFF.has(word)) return { ok: true, value: false };
      return { ok: false, expected: 'on or off' };
    }
    case 'choice': {
      const word = trimmed.toLowerCase();
      if (type.of.includes(word)) return { ok: true, value: word };
      return { ok: false, expected: `one of ${type.of.join(', ')}` };
    }
    case 'list': {
      const items = trimmed
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== '');
      for (const item of items) {
        const wrong = type.check?.(item);
        if (wrong !== undefined) return { ok: false, expected: wrong };
      }
      return { ok: true, value: items };
    }
    case 'duration': {
      const found = DURATION.exec(trimmed);
      const ms = found === null ? Number.NaN : Number(found[1]) * (MILLISECONDS[found[2] ?? 'ms'] ?? 1);
      if (ms <= LONGEST_MS) return { ok: true, value: Math.round(ms) };
      return { ok: false, expected: 'a duration such as 500ms, 2s or 10m (at most 24 days)' };
    }
    case 'integer': {
      const number = /^\d+$/.test(trimmed) ? Number(trimmed) : Number.NaN;
      if (number >= type.minimum && number <= type.maximum) return { ok: true, value: number };
      return { ok: false, expected: `a whole number from ${type.minimum} to ${type.maximum}` };
    }
    case 'text': {
      const wrong = type.check?.(trimmed);
      return wrong === undefined ? { ok: true, value: trimmed } : { ok: false, expected: wrong };
    }
  }
}
