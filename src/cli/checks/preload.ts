import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, isAbsolute, join } from 'node:path';
import { type CheckContext, type Finding, findingsOf } from './finding';
import { preloadsOf } from './node-options';

const { ok, warning, error } = findingsOf('preload');
const BUILT = ['preload.js', 'agent.js', 'link-worker.js'];
const START_TIMEOUT_MS = 10_000;

/** NODE_OPTIONS loads the preload, it resolves from here, it is complete, and a Node program starts with it. */
export function checkPreload({ surroundings, packageFolder, version }: CheckContext, cwd: string): Finding[] {
  const use = `put NODE_OPTIONS="--require ${join(packageFolder, 'preload.js')}" into the application's environment (inmesh env prints it)`;
  const found: { file: string; specifier: string }[] = [];
  const findings: Finding[] = [];
  for (const specifier of preloadsOf(surroundings.nodeOptions)) {
    const file = resolve(specifier, cwd);
    if (file !== undefined) {
      if (isOurs(file)) found.push({ file, specifier });
    } else if (/inmesh|preload/.test(specifier)) {
      findings.push(error(`NODE_OPTIONS requires ${specifier}, which does not resolve from ${cwd}`, use));
    }
  }
  const first = found[0];
  if (first === undefined) {
    return findings.length > 0
      ? findings
      : [
          error(
            'NODE_OPTIONS does not load inmesh: applications with this environment are not in the mesh',
            use,
          ),
        ];
  }
  findings.push(...complete(first.file, version));
  if (!isAbsolute(first.specifier)) {
    findings.push(
      warning(
        `${first.specifier} is looked up from the working directory; elsewhere Node.js does not start`,
        use,
      ),
    );
  }
  if (new Set(found.map(({ file }) => file)).size > 1) {
    findings.push(warning('NODE_OPTIONS loads inmesh more than once; the first copy counts', use));
  }
  return [...findings, starts(surroundings.environment)];
}

/** The package that holds the file. */
function manifestOf(file: string): { name?: string; version?: string } {
  try {
    return JSON.parse(readFileSync(join(dirname(file), 'package.json'), 'utf8')) as { name?: string };
  } catch {
    // Copied without its package.json, or another package's file: the built files decide.
    return {};
  }
}

function isOurs(file: string): boolean {
  return manifestOf(file).name === 'inmesh' || existsSync(join(dirname(file), 'dist', 'link-worker.js'));
}

function complete(file: string, version: string): Finding[] {
  const folder = dirname(file);
  const missing = BUILT.filter((name) => !existsSync(join(folder, 'dist', name)));
  if (missing.length > 0) {
    return [error(`${folder}/dist lacks ${missing.join(', ')}`, 'install the package again, whole')];
  }
  const other = manifestOf(file).version;
  if (other !== undefined && other !== version) {
    return [
      warning(`${file} is version ${other}, this command is ${version}`, 'run the doctor of that copy'),
    ];
  }
  return [ok(`NODE_OPTIONS loads ${file}`)];
}

function resolve(specifier: string, cwd: string): string | undefined {
  try {
    return realpathSync(createRequire(join(cwd, 'x.js')).resolve(specifier));
  } catch {
    // That it does not resolve is the finding.
    return undefined;
  }
}

/** Proof by running: the environment as it is, an empty program. */
function starts(env: CheckContext['surroundings']['environment']): Finding {
  const {
    status,
    stderr,
    error: failed,
  } = spawnSync(process.execPath, ['-e', '0'], {
    encoding: 'utf8',
    env,
    timeout: START_TIMEOUT_MS,
  });
  if (status === 0 && stderr.trim() === '') return ok('an empty program starts with it and says nothing');
  const said = (failed?.message ?? stderr).trim().split('\n').slice(0, 5).join(' | ');
  return status === 0
    ? warning(`an empty program starts with it and says: ${said}`, 'do what the line says')
    : error(`an empty program does not start with it: ${said}`, 'correct NODE_OPTIONS');
}
