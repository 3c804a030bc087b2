/** pino for the worker thread and the command line. Not for the preload: loading it costs the application time. */

import * as fs from 'node:fs';
import { isatty } from 'node:tty';
import pino from 'pino';
import { LEVEL_NUMBERS, prettyLine } from './line';
import type { Log, LogLevel } from './log';

export interface PinoLogOptions {
  readonly level: LogLevel | 'off';
  readonly format: 'auto' | 'json' | 'pretty';
  /** File descriptor; 2 (standard error) if absent. */
  readonly fd?: number;
}

const LEVEL_NAMES = new Map(
  Object.entries(LEVEL_NUMBERS).map(([name, number]) => [number, name as LogLevel]),
);

/** A log in the shape of the main thread's, without its limit per minute. Writes at once: lines before a crash count. */
export function createPinoLog({ level, format, fd = 2 }: PinoLogOptions): Log {
  const forPerson = format === 'pretty' || (format === 'auto' && isatty(fd));
  const logger = pino(
    { level: level === 'off' ? 'silent' : level, base: { pid: process.pid, name: 'inmesh' } },
    forPerson
      ? { write: (json) => fs.writeSync(fd, prettyOf(json)) }
      : pino.destination({ dest: fd, sync: true }),
  );
  return {
    line(lineLevel, event, message, fields) {
      logger[lineLevel]({ event, ...fields }, message);
    },
  };
}

function prettyOf(json: string): string {
  const { level, time, event, msg, pid: _pid, name: _name, ...fields } = JSON.parse(json);
  return prettyLine(LEVEL_NAMES.get(level) ?? 'info', time, event, msg, fields);
}
