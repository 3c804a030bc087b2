import type { Mesh } from '../src/call';
import type { Log } from '../src/observe';

/** What a hook gets from the preload. */
export interface HookContext {
  /** The mesh, started by the first outgoing call; never undefined, may know nothing yet. */
  readonly mesh: Mesh;
  readonly log: Log;
  /** False once the hook was switched off at run time or disabled itself: new calls go to the original. */
  enabled(): boolean;
  /** An internal error of the hook: logged once; after five the hook is off (decision 21). */
  failed(error: unknown): void;
}

/** One hooked library. The README's table is made from these. */
export interface Hook {
  /** Toggle name in INMESH_HOOKS and INMESH_HOOKS_OFF. */
  readonly name: string;
  /** What a user calls it. */
  readonly library: string;
  /** Supported versions, as a semver range or a sentence. */
  readonly versions: string;
  /** Patched symbols. */
  readonly symbols: readonly string[];
  /** What it does, and what happens when it is off or fails. */
  readonly effect: string;
  install(context: HookContext): void;
}
