/** `inmesh doctor`: what is wrong with a set-up, and what to do. */

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { version } from '../../package.json';
import { loadSettings, type SettingSource, settingSources, surroundings, unknownVariables } from '../config';
import type { MeshSummary } from '../link/inspect';
import { checkControlPlane } from './checks/control-plane';
import type { CheckContext, Finding } from './checks/finding';
import { checkIdentity } from './checks/identity';
import { checkNode } from './checks/node';
import { checkPreload } from './checks/preload';
import { checkRoot } from './checks/root';
import { checkSettings } from './checks/settings';
import { checkSidecar } from './checks/sidecar';
import { checkSnapshot } from './checks/snapshot';
import { checkToken } from './checks/token';
import { groupUnsupported, type UnsupportedGroup } from './checks/unsupported';
import { json, printable, table } from './text';
import { timeoutOption } from './timeout';

interface DoctorFlags {
  readonly timeout: number;
  readonly nodeOptions?: string;
  readonly json?: boolean;
}

export interface Diagnosis {
  /** No finding is an error. */
  readonly ok: boolean;
  readonly version: string;
  readonly findings: readonly Finding[];
  readonly settings: readonly SettingSource[];
  /** What the control plane said; absent = nothing. */
  readonly mesh?: Omit<MeshSummary, 'unsupported'>;
  readonly unsupported: readonly UnsupportedGroup[];
}

const SOMETHING_WRONG = 1;

export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('check a set-up: say what is wrong and what to do')
    .addOption(timeoutOption())
    .option('--node-options <text>', 'check this NODE_OPTIONS instead of the one in the environment')
    .option('--json', 'everything, as one JSON object')
    .addHelpText(
      'after',
      "\nRun it in the application's container, with the application's environment." +
        '\nExit code: 0 nothing is wrong (there may be warnings), 1 something is, 2 wrong usage.',
    )
    .action(async (flags: DoctorFlags) => {
      const diagnosis = await diagnose(flags);
      process.stdout.write(`${flags.json ? json(diagnosis) : renderDiagnosis(diagnosis)}\n`);
      if (!diagnosis.ok) process.exitCode = SOMETHING_WRONG;
    });
}

async function diagnose({ timeout, nodeOptions }: DoctorFlags): Promise<Diagnosis> {
  const problems: string[] = [];
  const settings = loadSettings(undefined, (problem) => problems.push(problem));
  // Read now, because it may have something to report.
  const { identity } = settings;
  const sources = settingSources();
  const context: CheckContext = {
    settings: { ...settings, identity },
    surroundings: surroundings(nodeOptions),
    packageFolder: packageFolder(),
    version,
    now: Date.now(),
  };
  const [controlPlane, sidecar] = await Promise.all([
    checkControlPlane(context.settings, timeout),
    checkSidecar(context.settings),
  ]);
  const findings = [
    ...checkNode(process.version),
    ...checkPreload(context, process.cwd()),
    ...checkSettings(context.settings, sources, unknownVariables(), problems),
    ...checkIdentity(context.settings, sources, context.surroundings.kubernetes),
    ...checkRoot(context),
    ...checkToken(context),
    ...controlPlane.findings,
    ...sidecar,
    ...checkSnapshot(context),
  ];
  const { mesh } = controlPlane;
  return {
    ok: findings.every(({ status }) => status !== 'error'),
    version,
    findings,
    settings: sources,
    ...(mesh === undefined ? {} : { mesh: { clusters: mesh.clusters, ports: mesh.ports } }),
    unsupported: groupUnsupported(mesh?.unsupported ?? []),
  };
}

/** Above dist/, where this file runs from, or above the sources. */
function packageFolder(): string {
  let folder = dirname(__dirname);
  while (!existsSync(join(folder, 'preload.js')) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}

const SHOWN = { ok: 'ok', skipped: '-', warning: 'WARNING', error: 'ERROR' } as const;
const MOST_RESOURCES = 3;

function renderDiagnosis({ findings, settings, mesh, unsupported }: Diagnosis): string {
  const rows = findings.flatMap(({ check, status, text, todo }) => [
    [SHOWN[status], check, text],
    ...(todo === undefined ? [] : [['', '', `-> ${todo}`]]),
  ]);
  const lines = table(rows, '');
  lines.push('', 'Settings:');
  lines.push(
    ...table(
      settings.map(({ name, value, source, variable }) => [
        name,
        source === 'default' ? 'default' : variable === name ? 'environment' : `environment, as ${variable}`,
        value === '' ? '(empty)' : value,
      ]),
      '  ',
    ),
  );
  if (mesh !== undefined) {
    lines.push('', 'Asked for by the control plane, and not done:');
    if (unsupported.length === 0) lines.push('  nothing');
    for (const { resourceType, field, effect, resources } of unsupported) {
      const more = resources.length > MOST_RESOURCES ? `, and ${resources.length - MOST_RESOURCES} more` : '';
      lines.push(`  ${resourceType} ${field}: ${effect}`);
      lines.push(`      in ${resources.slice(0, MOST_RESOURCES).join(', ')}${more}`);
    }
  }
  lines.push('', verdict(findings));
  return printable(lines.join('\n'));
}

function verdict(findings: readonly Finding[]): string {
  const count = (status: Finding['status']) => findings.filter((finding) => finding.status === status).length;
  const [errors, warnings] = [count('error'), count('warning')];
  const plural = (number: number, what: string) => `${number} ${what}${number === 1 ? '' : 's'}`;
  if (errors === 0 && warnings === 0) return 'Nothing is wrong.';
  return `${plural(errors, 'error')}, ${plural(warnings, 'warning')}.`;
}
