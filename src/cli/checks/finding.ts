import type { Settings, Surroundings } from '../../config';

export type Status = 'ok' | 'warning' | 'error' | 'skipped';

/** What a check found: a fact, whether it is good, and what to do if not. */
export interface Finding {
  /** Which check, as one word. */
  readonly check: string;
  readonly status: Status;
  readonly text: string;
  readonly todo?: string;
}

/** What checks look at. */
export interface CheckContext {
  readonly settings: Settings;
  readonly surroundings: Surroundings;
  /** The package's folder: where `preload.js` is. */
  readonly packageFolder: string;
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Makes the findings of one check. */
export function findingsOf(check: string) {
  return {
    ok: (text: string): Finding => ({ check, status: 'ok', text }),
    skipped: (text: string): Finding => ({ check, status: 'skipped', text }),
    warning: (text: string, todo: string): Finding => ({ check, status: 'warning', text, todo }),
    error: (text: string, todo: string): Finding => ({ check, status: 'error', text, todo }),
  };
}

/** `ENOENT: …` without the path that the sentence has already. */
export function whyUnreadable(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'is not there';
  if (code === 'EACCES') return 'may not be read by this user';
  return `cannot be read (${code ?? message})`;
}
