/**
 * Libraries whose users ask a registry for instances. The code that patches them is loaded with the first of them:
 * an application without such a library does not pay for it.
 */

import type { Hook, HookContext } from './hook';
import { registerLibraryHook } from './library';

type Clients = typeof import('./registry-clients');

/** Registers the patch of one package for the versions of its hook. */
export function registerRegistryLibrary(
  name: string,
  { versions }: Hook,
  context: HookContext,
  patch: (clients: Clients, exports: unknown) => void,
): void {
  registerLibraryHook({
    package: name,
    versions,
    missing: 'lists of instances are the registry’s alone',
    patch: (exports) => patch(require('./registry-clients') as Clients, exports),
    failed: (error) => context.failed(error),
  });
}
