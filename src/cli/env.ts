/** `inmesh env`: the environment that puts an unmodified application into the mesh. */

import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { CliError } from './error';

interface EnvFlags {
  readonly xds: string;
  readonly json?: boolean;
}

export function addEnvCommand(program: Command): void {
  program
    .command('env')
    .description('print the environment variables that start an application with inmesh')
    .option('--xds <url>', 'the control plane', 'grpcs://istiod.istio-system.svc:15012')
    .option('--json', 'as one JSON object')
    .addHelpText('after', '\nIn a shell: eval "$(inmesh env --xds grpc://127.0.0.1:15010)"')
    .action((flags: EnvFlags) => {
      process.stdout.write(`${render(flags)}\n`);
    });
}

function render({ xds, json }: EnvFlags): string {
  if (!/^grpcs?:\/\/[^/]+:\d+$/.test(xds)) {
    throw new CliError(`"${xds}" is no control plane; write grpcs://host:port or grpc://host:port`);
  }
  // An absolute path: a relative or package name would be looked up from the application's folder.
  const preload = preloadPath();
  const variables = { NODE_OPTIONS: `--require ${nodeOption(preload)}`, INMESH_XDS: xds };
  if (json) return JSON.stringify(variables);
  return Object.entries(variables)
    .map(([name, value]) => `export ${name}=${shellQuote(value)}`)
    .join('\n');
}

/** Beside the package's dist/, where this file runs from. */
function preloadPath(): string {
  const path = resolve(join(__dirname, '..', 'preload.js'));
  if (!existsSync(path)) throw new CliError(`${path} is missing; reinstall the package`);
  return path;
}

/** NODE_OPTIONS has its own quotes: double, with a backslash before quote and backslash. */
function nodeOption(path: string): string {
  return /^[\w./:@-]+$/.test(path) ? path : `"${path.replaceAll(/["\\]/g, '\\$&')}"`;
}

function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
