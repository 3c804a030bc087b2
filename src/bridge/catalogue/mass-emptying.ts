/**
 * When most of a source's services empty at once, it is far more often the registry that failed than the services:
 * their last instances are kept for a while. Services that come back leave one by one.
 */
import type { RegistryService } from '../model';
import type { Clock } from './clock';
import type { CatalogueConfig } from './config';

/** So many emptyings within the window are believed at once; from then on they are judged together. */
const BELIEVED_AT_ONCE = 10;
/** How long those after them are gathered before they are judged, milliseconds. */
const JUDGED_AFTER_MS = 100;

export interface MassEvents {
  /** How many services of the source have something to serve as it counts now. */
  good(): number;
  believe(key: string): void;
  /** `service` counts (again): emptied, but not believed. */
  keep(key: string, service: RegistryService): void;
  frozen(services: number): void;
  thawed(services: number, because: string): void;
}

interface Emptied {
  readonly at: number;
  /** As it was before. */
  readonly service: RegistryService;
  believed: boolean;
}

export class MassEmptying {
  readonly frozen = new Set<string>();
  /** Emptied within the window, oldest first. */
  private readonly recent = new Map<string, Emptied>();
  private undoJudging: (() => void) | undefined;
  private undoThaw: (() => void) | undefined;
  /** freezeMax passed while the source was out of touch. */
  private thawIsDue = false;
  private inTouch = true;

  constructor(
    private readonly config: CatalogueConfig,
    private readonly clock: Clock,
    private readonly events: MassEvents,
  ) {}

  /** A service lost its last instance. `together`: more of the same news follow, then `judge`. */
  emptied(key: string, service: RegistryService, together: boolean): void {
    if (this.config.freezeMaxMs === 0) {
      this.events.believe(key);
      return;
    }
    // While some are doubted, so are all that follow.
    if (this.frozen.size > 0) {
      this.frozen.add(key);
      return;
    }
    this.forgetOld();
    this.recent.delete(key);
    const entry: Emptied = { at: this.clock.now(), service, believed: false };
    this.recent.set(key, entry);
    if (together) return;
    if (this.recent.size >= Math.min(BELIEVED_AT_ONCE, this.config.freezeServices)) {
      this.undoJudging ??= this.clock.after(JUDGED_AFTER_MS, () => this.judge());
      return;
    }
    entry.believed = true;
    this.events.believe(key);
  }

  /** It has instances again. */
  filled(key: string): void {
    this.recent.delete(key);
    if (!this.frozen.delete(key) || this.frozen.size > 0) return;
    this.endFreeze();
    this.events.thawed(1, 'all have instances again');
  }

  /** The source is synchronised again; what emptied meanwhile follows, then `judge`. */
  backInTouch(): void {
    this.inTouch = true;
    if (this.thawIsDue) this.thaw('freezeMax passed');
  }

  /** What is not judged yet waits for the source's return: given back, to be told again. */
  outOfTouch(): string[] {
    this.inTouch = false;
    this.undoJudging?.();
    this.undoJudging = undefined;
    const open = [...this.recent].filter(([, { believed }]) => !believed).map(([key]) => key);
    for (const key of open) this.recent.delete(key);
    return open;
  }

  thaw(because: string): void {
    const keys = [...this.frozen];
    this.endFreeze();
    for (const key of keys) this.events.believe(key);
    if (keys.length > 0) this.events.thawed(keys.length, because);
  }

  close(): void {
    this.undoJudging?.();
    this.undoThaw?.();
  }

  /** Believes what emptied, or freezes it. */
  judge(): void {
    this.undoJudging?.();
    this.undoJudging = undefined;
    const open = [...this.recent].filter(([, { believed }]) => !believed);
    if (open.length === 0) return;
    const emptied = this.recent.size;
    // Those not believed yet still count as good.
    const before = this.events.good() + emptied - open.length;
    const { freezeServices, freezeShare } = this.config;
    if (emptied >= freezeServices && emptied > before * freezeShare) this.freeze();
    else
      for (const [key, entry] of open) {
        entry.believed = true;
        this.events.believe(key);
      }
  }

  private freeze(): void {
    const all = [...this.recent];
    this.recent.clear();
    for (const [key] of all) this.frozen.add(key);
    for (const [key, { service, believed }] of all) if (believed) this.events.keep(key, service);
    this.undoThaw = this.clock.after(this.config.freezeMaxMs, () => {
      if (this.inTouch) this.thaw('freezeMax passed');
      else this.thawIsDue = true;
    });
    this.events.frozen(all.length);
  }

  private endFreeze(): void {
    this.undoThaw?.();
    this.undoThaw = undefined;
    this.thawIsDue = false;
    this.frozen.clear();
    this.recent.clear();
  }

  private forgetOld(): void {
    const oldest = this.clock.now() - this.config.freezeWindowMs;
    for (const [key, { at, believed }] of this.recent) {
      if (at > oldest) return;
      if (believed) this.recent.delete(key);
    }
  }
}
