import type { Mesh } from '../src/call';
import type { Settings } from '../src/config';
import type { MeshFeed } from '../src/model';
import type { Log } from '../src/observe';
import type { Addresses, RegistryRules } from '../src/registry';

/** What the hooks of registry clients share with the rest of the agent. */
export interface RegistrySupport {
  readonly settings: Settings;
  /** News of the mesh. Makes the link, as the first call would, without starting it. */
  feed(): MeshFeed;
  /** Through which calls learn of addresses that were handed out. */
  addresses(): Addresses;
  /** Calls back with the settings that may change at run time: now, and when they do. */
  onRules(listener: (rules: RegistryRules) => void): void;
}

/** What a hook gets from the preload. */
export interface HookContext {
  /** The mesh, started by the first outgoing call; never undefined, may know nothing yet. */
  readonly mesh: Mesh;
  readonly log: Log;
  /** Absent where a hook is tried by itself. */
  readonly registry?: RegistrySupport | undefined;
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
