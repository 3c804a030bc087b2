import type { Context } from 'mocha';
import { isSkipped, type Skipped } from '../../lab';

/**
 * A real peer, or the end of the test: skipped with the peer's reason, or failed with it when
 * `INMESH_PEERS=required`. For hooks and tests: `const istiod = peer(this, await startIstiod())`.
 */
export function peer<T>(context: Context, found: T | Skipped): T {
  if (!isSkipped(found)) return found;
  if (process.env['INMESH_PEERS'] === 'required')
    throw new Error(`a real peer is required: ${found.skipped}`);
  const test = context.currentTest ?? context.test;
  const around = test?.parent ?? test;
  if (around) Object.assign(around, { skipReason: found.skipped });
  return context.skip();
}

/** Long drills run in full by `npm test -- drills`, and in a short form otherwise. Both are the real thing. */
export function drill<T>(forms: { readonly short: T; readonly full: T }): T {
  return process.env['INMESH_DRILLS'] === 'full' ? forms.full : forms.short;
}
