/** The one hub of the process that all hooks of registry clients share; made when the first of them is loaded. */

import { performance } from 'node:perf_hooks';
import { clearTimeout, setTimeout } from '../src/observe/native';
import { RegistryHub } from '../src/registry';
import type { HookContext } from './hook';

let hub: RegistryHub | undefined;

/** undefined where there is no agent behind the hook. */
export function hubFor(context: HookContext): RegistryHub | undefined {
  const { registry, log } = context;
  if (hub !== undefined || registry === undefined) return hub;
  const { settings } = registry;
  const made = new RegistryHub({
    ...settings.registry,
    podNamespace: settings.identity.podNamespace,
    home: settings.identity.locality,
    origin: settings.identity.trustDomain,
    firstUseTimeoutMs: settings.firstUseTimeoutMs,
    feed: registry.feed(),
    addresses: registry.addresses(),
    log,
    now: () => performance.now(),
    later,
    onError: (error) => context.failed(error),
  });
  hub = made;
  registry.onRules((rules) => made.setRules(rules));
  return hub;
}

function later(ms: number, action: () => void, alive = false): () => void {
  const timer = setTimeout(action, ms);
  if (!alive) timer.unref();
  return () => clearTimeout(timer);
}
