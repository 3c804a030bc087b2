/** `inmesh explain <url>`: where a call of this process would go, and why. */

import { type Command, Option } from 'commander';
import { loadSettings } from '../config';
import { InspectionError, inspect } from '../link/inspect';
import { explain } from './explanation/build';
import { renderExplanation } from './explanation/render';
import { askedCall } from './explanation/request';
import { json } from './text';
import { timeoutOption } from './timeout';

interface ExplainFlags {
  readonly method: string;
  readonly header: readonly string[];
  readonly snapshot?: string;
  readonly timeout: number;
  readonly json?: boolean;
}

const NO_ANSWER = 1;

export function addExplainCommand(program: Command): void {
  program
    .command('explain')
    .description('say where a call of this process would go, and why')
    .argument('<url>', 'as the application writes it: http://reviews/api?debug')
    .option('-X, --method <method>', 'HTTP method', 'GET')
    .addOption(
      new Option('-H, --header <line>', "a header of the call, 'name: value'; may be repeated")
        .argParser(collect)
        .default([], 'none'),
    )
    .option('--snapshot <path>', 'ask a snapshot (INMESH_SNAPSHOT_DIR of the process, or a file) instead')
    .addOption(timeoutOption())
    .option('--json', 'everything, as one JSON object')
    .addHelpText(
      'after',
      '\nThe control plane and the identity come from the environment, as the agent has them.' +
        '\nExit code: 0 explained, 1 no answer from the control plane or snapshot, 2 wrong usage.',
    )
    .action(run);
}

async function run(url: string, flags: ExplainFlags): Promise<void> {
  const call = askedCall(url, flags.method, flags.header);
  const settings = loadSettings(undefined, warn);
  try {
    const inspection = await inspect(settings, {
      timeoutMs: flags.timeout,
      ...(flags.snapshot === undefined ? {} : { snapshot: flags.snapshot }),
    });
    try {
      const explanation = await explain(call, inspection, settings);
      process.stdout.write(`${flags.json ? json(explanation) : renderExplanation(explanation)}\n`);
    } finally {
      inspection.close();
    }
  } catch (error) {
    if (!(error instanceof InspectionError)) throw error;
    process.exitCode = NO_ANSWER;
    warn(error.message);
    if (settings.snapshotDir !== '' && flags.snapshot === undefined) {
      warn(`what the process had last: inmesh explain ${url} --snapshot ${settings.snapshotDir}`);
    }
  }
}

function warn(message: string): void {
  process.stderr.write(`inmesh: ${message}\n`);
}

function collect(line: string, lines: readonly string[]): readonly string[] {
  return [...lines, line];
}
