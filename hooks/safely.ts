import type { HookContext } from './hook';

/** What `action` gives; undefined when it fails, which is the hook's failure and not the application's. */
export function safely<T>(context: HookContext, action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    context.failed(error);
    return undefined;
  }
}
