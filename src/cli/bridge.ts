/** `inmesh bridge`: the services of registries for istiod, by MCP over xDS. */

import { logVerbosity, setLogVerbosity } from '@grpc/grpc-js';
import type { Command } from 'commander';
import { createPinoLog } from '../observe/pino';
import { CliError } from './error';

interface BridgeFlags {
  readonly config?: string;
  readonly check?: boolean;
  readonly once?: boolean;
  readonly schema?: boolean;
}

interface ProbeFlags {
  readonly config?: string;
  readonly timeout: number;
  readonly concurrency: number;
  readonly json?: boolean;
}

/** The bridge is loaded when it is asked for: other commands start without it. */
const load = () => require('../bridge') as typeof import('../bridge');
type Config = import('../bridge').BridgeConfig;

export function addBridgeCommand(program: Command): void {
  const bridge = program
    .command('bridge')
    .description('serve the services of Nacos, Dubbo, Eureka and Consul to istiod, by MCP over xDS')
    .option('--config <file>', 'the configuration (YAML or JSON); followed while the bridge runs')
    .option('--check', 'only check the configuration and say what it would do')
    .option('--once', 'read the registries once, print what would be served as Istio YAML, and end')
    .option('--schema', 'print the JSON schema of the configuration')
    .action(run);
  bridge
    .command('probe')
    .description('dial every address that would be served and list the unreachable ones')
    .option('--timeout <ms>', 'milliseconds for one connection', wholeNumber, 2_000)
    .option('--concurrency <number>', 'connections at once', wholeNumber, 64)
    .option('--json', 'the report as JSON')
    .action((_, command: Command) => runProbe(command.optsWithGlobals()));
  bridge
    .command('migration')
    .description('say for each service how many of its instances are outside the mesh, and how many in it')
    .option('--json', 'the report as JSON')
    .action((_, command: Command) => runMigration(command.optsWithGlobals()));
}

async function run(flags: BridgeFlags): Promise<void> {
  endWithReader();
  if (flags.schema) return printSchema();
  const config = await read(flags.config);
  if (flags.check) return check(config, flags.config!);
  if (flags.once) return once(config);
  await serve(config, flags.config!);
}

/** `… | head` closes the pipe when it has seen enough, which is no mistake. */
function endWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}

function printSchema(): void {
  const { editorSchema } = load();
  process.stdout.write(`${JSON.stringify(editorSchema(), null, 2)}\n`);
}

async function read(file: string | undefined): Promise<Config> {
  if (file === undefined)
    throw new CliError('bridge needs --config <file>; examples/bridge/bridge.yaml is one');
  const { loadConfig, formatConfigProblem } = load();
  const { config, problems } = await loadConfig(file);
  if (!config) throw new CliError(problems.map(formatConfigProblem).join('\ninmesh: '));
  return config;
}

function check(config: Config, file: string): void {
  const { explainConfig } = load();
  const { lines, warnings } = explainConfig(config);
  const but = warnings.length > 0 ? ', but what it needs is not all there' : '';
  const text = [`${file} is in order${but}. The bridge`, ...lines.map((line) => `  ${line}`)];
  process.stdout.write(`${text.join('\n')}\n`);
  for (const warning of warnings) process.stderr.write(`inmesh: ${warning}\n`);
  if (warnings.length > 0) process.exitCode = 1;
}

async function once(config: Config): Promise<void> {
  const { snapshot, rejections, missing } = await firstState(config);
  const { servedYaml } = load();
  process.stdout.write(servedYaml(snapshot));
  for (const { source, service, instance, reason } of rejections) {
    const place = [source, service, instance].filter((part) => part !== undefined).join(' ');
    process.stderr.write(`inmesh: not served: ${place}: ${reason}\n`);
  }
  if (missing.length > 0) process.exitCode = 1;
}

async function firstState(config: Config) {
  const { readOnce } = load();
  setLogVerbosity(logVerbosity.NONE);
  // A registry that cannot be reached is waited for: who looks on should know.
  const state = await readOnce(config, createPinoLog({ level: 'warn', format: config.log.format }));
  for (const { name, detail } of state.missing)
    process.stderr.write(`inmesh: source ${name} could not be read${detail ? `: ${detail}` : ''}\n`);
  return state;
}

async function runProbe(flags: ProbeFlags): Promise<void> {
  const { snapshot, missing } = await firstState(await read(flags.config));
  const { probe } = load();
  const report = await probe(snapshot, { timeoutMs: flags.timeout, concurrency: flags.concurrency });
  if (flags.json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  else {
    for (const { address, port, reason, hosts } of report.unreachable)
      process.stdout.write(`${address}:${port}  ${reason}  ${hosts.join(', ')}\n`);
    process.stdout.write(`${report.dialled} dialled, ${report.unreachable.length} unreachable\n`);
  }
  if (missing.length > 0 || report.unreachable.length > 0) process.exitCode = 1;
}

async function runMigration(flags: Pick<ProbeFlags, 'config' | 'json'>): Promise<void> {
  const { origins, missing } = await firstState(await read(flags.config));
  const { migrationText } = load();
  process.stdout.write(flags.json ? `${JSON.stringify(origins, null, 2)}\n` : migrationText(origins));
  if (missing.length > 0) process.exitCode = 1;
}

async function serve(config: Config, file: string): Promise<void> {
  const { startBridge } = load();
  const { level, format } = config.log;
  // What goes wrong is said here, in one line.
  setLogVerbosity(logVerbosity.NONE);
  const bridge = await startBridge({ config, file, log: createPinoLog({ level, format }) });
  let stopping = false;
  const stop = () => {
    // Asked again: at once.
    if (stopping) process.exit(1);
    stopping = true;
    void bridge.stop().then(() => process.exit(0));
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  process.on('SIGHUP', () => void bridge.reload());
  // The first line of standard output is for programs; everything else goes to standard error.
  const { mcpAddress, adminAddress } = bridge;
  process.stdout.write(
    `${JSON.stringify({ mcp: mcpAddress, xds: `xds://${mcpAddress}`, admin: adminAddress })}\n`,
  );
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1) throw new CliError(`"${text}" is no whole number above 0`);
  return value;
}
