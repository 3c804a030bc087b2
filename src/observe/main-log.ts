import { type Fields, jsonLine, LEVEL_NUMBERS, prettyLine } from './line';
import type { Log, LogLevel } from './log';
import { Stderr } from './stderr';

const WINDOW_MS = 60_000;
const MOST_KEYS = 1000;

export interface MainLogOptions {
  readonly level: LogLevel | 'off';
  readonly format: 'auto' | 'json' | 'pretty';
  /** Milliseconds since 1970; for tests. */
  readonly now?: () => number;
  /** Where a complete line goes; standard error if absent. */
  readonly write?: (line: string) => void;
}

/**
 * The log of the application's main thread: a line of a class and key is written at most once in a minute, and
 * says how many like it were left out before. Nothing is loaded for it.
 */
export class MainLog implements Log {
  #threshold: number;
  readonly #format: MainLogOptions['format'];
  #render: typeof jsonLine | undefined;
  readonly #now: () => number;
  readonly #write: (line: string) => void;
  /** In order of the last line written, oldest first. */
  readonly #seen = new Map<string, { at: number; suppressed: number }>();

  constructor(options: MainLogOptions) {
    const stderr = new Stderr();
    this.#threshold = LEVEL_NUMBERS[options.level];
    this.#format = options.format;
    this.#now = options.now ?? Date.now;
    this.#write = options.write ?? ((line) => stderr.line(line));
  }

  set level(level: LogLevel | 'off') {
    this.#threshold = LEVEL_NUMBERS[level];
  }

  line(level: LogLevel, event: string, message: string, fields?: Fields, key = ''): void {
    if (LEVEL_NUMBERS[level] < this.#threshold) return;
    const now = this.#now();
    const id = `${event}\n${key}`;
    const last = this.#seen.get(id);
    if (last !== undefined && now - last.at < WINDOW_MS && now >= last.at) {
      last.suppressed++;
      return;
    }
    this.#seen.delete(id);
    if (this.#seen.size >= MOST_KEYS) this.#seen.delete(this.#seen.keys().next().value!);
    this.#seen.set(id, { at: now, suppressed: 0 });
    const suppressed = last?.suppressed ?? 0;
    this.#render ??= isPretty(this.#format) ? prettyLine : jsonLine;
    this.#write(
      this.#render(level, now, event, message, suppressed > 0 ? { ...fields, suppressed } : fields),
    );
  }
}

function isPretty(format: MainLogOptions['format']): boolean {
  return format === 'pretty' || (format === 'auto' && isTerminal());
}

/** `tty` is loaded with the first line, not with the preload. */
function isTerminal(): boolean {
  const { isatty } = require('node:tty') as typeof import('node:tty');
  return isatty(2);
}
