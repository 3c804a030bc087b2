import { Option } from 'commander';
import { parseValue } from '../config';
import { CliError } from './error';

const DEFAULT_MS = 10_000;

/** `--timeout`, in milliseconds. Refuses, with a CliError, what is no duration above zero. */
export function timeoutOption(): Option {
  return new Option('--timeout <duration>', 'longest wait for the control plane')
    .argParser(durationOf)
    .default(DEFAULT_MS, '10s');
}

function durationOf(text: string): number {
  const parsed = parseValue({ kind: 'duration' }, text);
  if (parsed.ok && typeof parsed.value === 'number' && parsed.value > 0) return parsed.value;
  throw new CliError(`"${text}" is no duration; write 500ms, 10s or 1m`);
}
