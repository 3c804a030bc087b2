/** The `inmesh` command: one file per sub command. */

import { Command, CommanderError } from 'commander';
import { version } from '../../package.json';
import { addBridgeCommand } from './bridge';
import { addDevCommand } from './dev';
import { addDevNacosCommand } from './dev-nacos';
import { addDoctorCommand } from './doctor';
import { addEnvCommand } from './env';
import { CliError } from './error';
import { addExplainCommand } from './explain';

const USAGE_ERROR = 2;

export async function main(args: readonly string[]): Promise<void> {
  const program = new Command('inmesh')
    .description('the service mesh inside an unmodified Node.js process')
    .version(version, '--version', 'print the version')
    .showSuggestionAfterError()
    .allowExcessArguments(false)
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error:/, 'inmesh:')) })
    .exitOverride();
  addBridgeCommand(program);
  addDevCommand(program);
  addDevNacosCommand(program);
  addDoctorCommand(program);
  addEnvCommand(program);
  addExplainCommand(program);
  try {
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    process.exitCode = report(error);
  }
}

/** Gives the exit code. */
function report(error: unknown): number {
  // Commander has printed its own message (or the help or version that was asked for).
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE_ERROR;
  if (error instanceof CliError) {
    process.stderr.write(`inmesh: ${error.message}\n`);
    return USAGE_ERROR;
  }
  process.stderr.write(`inmesh: ${error instanceof Error ? error.message : String(error)}\n`);
  return 1;
}

void main(process.argv.slice(2));
