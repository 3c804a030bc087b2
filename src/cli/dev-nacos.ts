/** `inmesh dev-nacos`: the in-memory registry with Nacos' protocols, for a laptop without a Nacos. */

import type { Command } from 'commander';
import { startDevNacos } from '../dev/nacos';
import { CliError } from './error';

interface DevNacosFlags {
  readonly host: string;
  readonly port: number;
}

export function addDevNacosCommand(program: Command): void {
  program
    .command('dev-nacos')
    .description("an in-memory registry that speaks Nacos' protocols (HTTP, UDP, gRPC), for demos and tests")
    .option('--port <number>', 'HTTP port, gRPC is 1000 above; 0 = any free ones', portOf, 8848)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .action(run);
}

async function run({ host, port }: DevNacosFlags): Promise<void> {
  const registry = await startDevNacos({ host, port });
  const stop = () => {
    void registry.stop().then(() => process.exit(0));
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  process.stdout.write(`${JSON.stringify({ address: registry.address })}\n`);
}

function portOf(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 64_535) throw new CliError(`"${text}" is no port; use 0 to 64535`);
  return port;
}
