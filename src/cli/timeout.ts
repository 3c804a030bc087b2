import { parseValue } from '../config';
import { CliError } from './error';

/** Reads `--timeout`. Milliseconds. @throws {CliError} unless it is a duration above zero */
export function timeoutOption(text: string): number {
  const parsed = parseValue({ kind: 'duration' }, text);
  if (parsed.ok && typeof parsed.value === 'number' && parsed.value > 0) return parsed.value;
  throw new CliError(`"${text}" is no duration; write 500ms, 10s or 1m`);
}
