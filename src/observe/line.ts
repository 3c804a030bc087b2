/** The shape of a line, the same on the main thread, in the worker and on the command line: pino's. */

import type { LogLevel } from './log';

/** pino's numbers. */
export const LEVEL_NUMBERS: Readonly<Record<LogLevel | 'off', number>> = {
  debug: 20,
  info: 30,
  warn: 40,
  error: 50,
  off: 100,
};

export type Fields = Readonly<Record<string, unknown>>;

/** One JSON object and a line feed. A field that cannot be serialised is left out rather than thrown. */
export function jsonLine(level: LogLevel, time: number, event: string, msg: string, fields?: Fields): string {
  const head = { level: LEVEL_NUMBERS[level], time, pid: process.pid, name: 'inmesh', event, msg };
  try {
    return `${JSON.stringify({ ...head, ...plain(fields) })}\n`;
  } catch (error) {
    return `${JSON.stringify({ ...head, unserialisable: String(error) })}\n`;
  }
}

/** For a person: `inmesh 10:20:33 WARN  the sentence (event key=value)`. */
export function prettyLine(
  level: LogLevel,
  time: number,
  event: string,
  msg: string,
  fields?: Fields,
): string {
  const clock = new Date(time).toISOString().slice(11, 19);
  const facts = Object.entries(plain(fields) ?? {}).map(([key, value]) => `${key}=${word(value)}`);
  return `inmesh ${clock} ${level.toUpperCase().padEnd(5)} ${msg} (${[event, ...facts].join(' ')})\n`;
}

/** Errors have no enumerable fields: their message is what matters. */
function plain(fields?: Fields): Record<string, unknown> | undefined {
  if (fields === undefined) return undefined;
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    entries.map(([key, value]) => [key, value instanceof Error ? value.message : value]),
  );
}

function word(value: unknown): string {
  if (typeof value === 'string') return /^[\w./:@|*-]+$/.test(value) ? value : JSON.stringify(value);
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}
