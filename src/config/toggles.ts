import { readFile, readFileSync, unwatchFile, watchFile } from 'node:fs';
import { parseValue, type Value } from './definition';
import { type Report, wrongValue } from './load';
import { DEFINITIONS } from './registry';
import type { Settings } from './settings';

/** What may change while the process runs. */
export interface Toggles {
  readonly enabled: boolean;
  readonly hooksOff: readonly string[];
  readonly log: Settings['log'];
  /** Of registry clients. */
  readonly registry: Pick<Settings['registry'], 'modes' | 'calls'>;
}

const POLL_MS = 500;

/**
 * The settings file (`INMESH_FILE`): JSON such as `{"INMESH": "off", "INMESH_HOOKS_OFF": "http"}`. It is polled,
 * because a ConfigMap changes by swapping symbolic links, which file events miss. A file that is not there yet is
 * no mistake; one that cannot be understood is reported and the last good one stays.
 */
export class SettingsFile {
  readonly #settings: Settings;
  readonly #report: Report;
  readonly #changed: (toggles: Toggles) => void;
  #lastProblem = '';

  constructor(settings: Settings, report: Report, changed: (toggles: Toggles) => void) {
    this.#settings = settings;
    this.#report = report;
    this.#changed = changed;
  }

  /** Reads the file now and follows it, without keeping the process alive. */
  follow(): void {
    const { file } = this.#settings;
    try {
      this.#take(readFileSync(file, 'utf8'));
    } catch (error) {
      this.#unreadable(error);
    }
    watchFile(file, { persistent: false, interval: POLL_MS }, () => {
      readFile(file, 'utf8', (error, text) => {
        if (error === null) this.#take(text);
        else this.#unreadable(error);
      });
    });
  }

  stop(): void {
    unwatchFile(this.#settings.file);
  }

  #take(text: string): void {
    const toggles = parseToggles(text, this.#settings, (problem) => this.#problem(problem));
    if (toggles === undefined) return;
    this.#lastProblem = '';
    this.#changed(toggles);
  }

  #unreadable(error: unknown): void {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') this.#problem(`cannot be read (${message}); what it said before stays`);
  }

  #problem(problem: string): void {
    if (problem === this.#lastProblem) return;
    this.#lastProblem = problem;
    this.#report(`INMESH_FILE ${this.#settings.file} ${problem}`);
  }
}

/**
 * The toggles of a settings file over those of the environment: what the environment switches off stays off.
 * undefined when the text is not understood, in part or at all; `problem` has the reason then.
 */
export function parseToggles(text: string, settings: Settings, problem: Report): Toggles | undefined {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    problem(`is not JSON (${(error as Error).message}); what it said before stays`);
    return undefined;
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    problem('is not a JSON object; what it said before stays');
    return undefined;
  }
  const found = new Map<string, Value>();
  const settable = Object.entries(DEFINITIONS).filter(
    ([, definition]) => 'runTime' in definition && definition.runTime,
  );
  for (const [name, given] of Object.entries(content)) {
    const entry = settable.find(([, definition]) => definition.name === name);
    if (entry === undefined) {
      const names = settable.map(([, definition]) => definition.name).join(', ');
      problem(
        `has ${JSON.stringify(name)}, which cannot be set there (${names} can); what it said before stays`,
      );
      return undefined;
    }
    const asText = Array.isArray(given) ? given.join(',') : String(given);
    const result = parseValue(entry[1].type, asText);
    if (!result.ok) {
      problem(`has ${wrongValue(name, asText, result.expected, 'what it said before stays')}`);
      return undefined;
    }
    found.set(entry[0], result.value);
  }
  const hooksOff = (found.get('hooksOff') as readonly string[] | undefined) ?? [];
  const list = (key: string) => found.get(key) as readonly string[] | undefined;
  return {
    enabled: settings.enabled && found.get('enabled') !== false,
    hooksOff: [...settings.hooksOff, ...hooksOff],
    log: (found.get('log') as Settings['log'] | undefined) ?? settings.log,
    registry: {
      modes: list('registryModes') ?? settings.registry.modes,
      calls: list('registryCalls') ?? settings.registry.calls,
    },
  };
}
