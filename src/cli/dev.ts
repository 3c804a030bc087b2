/** `inmesh dev <folder>`: the embedded control plane. */

import { stat } from 'node:fs/promises';
import { logVerbosity, setLogVerbosity } from '@grpc/grpc-js';
import type { Command } from 'commander';
import { mcpAddressOf, startDevControlPlane } from '../dev';
import { createPinoLog } from '../observe/pino';
import { CliError } from './error';

interface DevFlags {
  readonly host: string;
  readonly port: number;
  readonly json?: boolean;
  readonly verbose?: boolean;
  readonly mcp: readonly string[];
  readonly mcpCa?: string;
}

export function addDevCommand(program: Command): void {
  program
    .command('dev')
    .description('serve a folder of Istio YAML as the xDS that an istiod would give a sidecar')
    .argument(
      '<folder>',
      'ServiceEntry, WorkloadEntry, VirtualService, DestinationRule and Sidecar, as .yaml files',
    )
    .option('--port <number>', 'port to listen on; 0 = any free one', portOf, 15010)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option(
      '--mcp <xds://host:port>',
      'also serve the ServiceEntries of an MCP server, such as `inmesh bridge`; may be given several times',
      (url: string, all: readonly string[]) => [...all, mcpUrl(url)],
      [],
    )
    .option('--mcp-ca <file>', "CA of the MCP servers' certificates; without it they are asked in plaintext")
    .option('--json', 'the ready line and the log as JSON, one object a line')
    .option('--verbose', 'also show what is sent to clients and what they acknowledge')
    .action(run);
}

async function run(folder: string, flags: DevFlags): Promise<void> {
  await checkFolder(folder);
  const log = createPinoLog({
    level: flags.verbose ? 'debug' : 'info',
    format: flags.json ? 'json' : 'pretty',
  });
  // What goes wrong is said here, in one line.
  setLogVerbosity(logVerbosity.NONE);
  const { host, port, mcp, mcpCa } = flags;
  const plane = await startDevControlPlane({ folder, host, port, log, mcp, mcpCa });
  const stop = () => {
    void plane.stop().then(() => process.exit(0));
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  // The first line of standard output is for programs; everything else goes to standard error.
  const ready = flags.json
    ? JSON.stringify({ address: plane.address, xds: `grpc://${plane.address}`, folder })
    : `inmesh dev: serving ${folder} on ${plane.address} (INMESH_XDS=grpc://${plane.address})`;
  process.stdout.write(`${ready}\n`);
}

async function checkFolder(folder: string): Promise<void> {
  const found = await stat(folder).catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'ENOENT' ? 'there is no such folder' : (error.code ?? error.message);
    throw new CliError(`cannot read the folder ${folder}: ${why}`);
  });
  if (!found.isDirectory()) throw new CliError(`${folder} is not a folder`);
}

function mcpUrl(url: string): string {
  try {
    mcpAddressOf(url);
    return url;
  } catch (error) {
    throw new CliError((error as Error).message);
  }
}

function portOf(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65535) throw new CliError(`"${text}" is no port; use 0 to 65535`);
  return port;
}
