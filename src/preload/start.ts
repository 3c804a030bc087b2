import { join } from 'node:path';
import { currentRoute, hooks } from '../../hooks';
import { installLibraryHooks } from '../../hooks/library';
import { loadSettings, type Settings, SettingsFile } from '../config';
import { type Log, MainLog } from '../observe';
import type { Agent } from './agent';
import { onFirstListen } from './first-listen';
import { currentThread, foreign, isOwnCommand } from './guards';
import { LazyMesh } from './lazy-mesh';
import { RegistryAccess } from './registry-access';
import { HookSwitch, Switches } from './switches';

/** One copy of the agent in a thread: the first. */
const COPY = Symbol.for('inmesh.copy');

/**
 * The front door: leaves a thread that is not ours as it was, installs the hooks in one that is. The link and the
 * mesh wait for the first call or the first listen. `folder`: where the built files are.
 */
export function start(folder: string): void {
  if (foreign(process.argv, currentThread) !== undefined) return;
  if (isOwnCommand(process.argv[1], folder)) return;
  const problems: string[] = [];
  const settings = loadSettings(undefined, (problem) => problems.push(problem));
  if (!settings.enabled) return;
  const log = new MainLog({ level: settings.log, format: settings.logFormat });
  if (!firstCopy(folder, log)) return;
  const report = (problem: string) => log.line('warn', 'settings.wrong', `${problem}.`, undefined, problem);
  problems.forEach(report);

  const switches = new Switches(settings);
  const failed = (error: unknown) => {
    switches.block();
    const fields = { error: error instanceof Error ? error.stack : String(error) };
    log.line('error', 'agent.failed', 'The agent could not start; calls go their own way.', fields);
  };
  let agent: Agent | undefined;
  const theAgent = (): Agent => {
    agent ??= loadAgent().createAgent({
      settings,
      log,
      workerFile: join(folder, 'link-worker.js'),
      onSidecar: () => switches.block(),
      failed,
      currentRoute,
    });
    return agent;
  };
  const registry = new RegistryAccess(settings, theAgent);
  install(settings, log, new LazyMesh(() => theAgent().mesh, failed), switches, registry);
  const safely = (action: (agent: Agent) => void) => () => {
    try {
      action(theAgent());
    } catch (error) {
      failed(error);
    }
  };
  onFirstListen(safely((it) => it.start()));
  if (currentThread().isMainThread)
    process.once(
      'worker',
      safely((it) => it.serveWorkers()),
    );
  if (settings.file !== '') {
    new SettingsFile(settings, report, (toggles) => {
      log.level = toggles.log;
      switches.set(toggles);
      registry.setRules(toggles.registry);
    }).follow();
  }
}

/** Required when needed, from a file of its own (scripts/build.js). */
function loadAgent(): typeof import('./agent') {
  return require('./agent');
}

function firstCopy(folder: string, log: Log): boolean {
  const other: unknown = Reflect.get(globalThis, COPY);
  if (other === undefined) {
    Object.defineProperty(globalThis, COPY, { value: folder });
    return true;
  }
  // An application that forgets its modules loads this one anew, for what it keeps.
  if (other === folder) return false;
  const message = `${folder} does nothing: this process has a copy of the agent already, from ${other}.`;
  log.line('warn', 'agent.second-copy', message);
  return false;
}

/** Each hook by itself: one that cannot be installed does not take the others along. */
function install(
  settings: Settings,
  log: Log,
  mesh: LazyMesh,
  switches: Switches,
  registry: RegistryAccess,
): void {
  for (const name of [...settings.hooks, ...settings.hooksOff]) {
    if (hooks.some((hook) => hook.name === name)) continue;
    const known = hooks.map((hook) => hook.name).join(', ');
    const message = `There is no hook ${JSON.stringify(name)} (INMESH_HOOKS, INMESH_HOOKS_OFF); there are ${known}.`;
    log.line('warn', 'settings.wrong', message, undefined, name);
  }
  for (const hook of hooks) {
    if (settings.hooks.length > 0 && !settings.hooks.includes(hook.name)) continue;
    if (settings.hooksOff.includes(hook.name)) {
      const message = `The ${hook.name} hook is off (INMESH_HOOKS_OFF); what it hooks (${hook.library}) works as without the agent.`;
      if (currentThread().isMainThread)
        log.line('info', 'hook.switched-off', message, { hook: hook.name }, hook.name);
      continue;
    }
    const context = new HookSwitch(hook.name, mesh, log, registry);
    switches.add(context);
    try {
      hook.install(context);
    } catch (error) {
      context.failed(error);
    }
  }
  installLibraryHooks(log);
}
