import type { HostIndex } from '../model';
import { HostEntry } from './host-entry';
import type { Scheme } from './seam';

/** Spellings remembered per generation; two generations are kept: together the last 10,000 or more in use. */
const GENERATION = 5_000;
/**
 * Hosts asked for are kept, but a crawler asks for everything: beyond this the oldest that is not ours is dropped.
 * More than the link keeps, so that one that was dropped and is asked for again is answered again.
 */
const MOST_HOSTS = 21_000;

/** The hosts of one scheme and port. */
export class HostTable {
  /** The port's route configuration; undefined until the link has it (and for https). */
  index: HostIndex | undefined;
  indexAsked = false;
  /** Hosts that the link was asked for, by canonical name. */
  private readonly hosts = new Map<string, HostEntry>();
  /** Any spelling an application used, in two generations: what is not asked for through both is forgotten. */
  private young = new Map<string, HostEntry>();
  private old = new Map<string, HostEntry>();

  constructor(
    readonly scheme: Scheme,
    readonly port: number,
  ) {}

  /** Hot path: by the spelling of the application. */
  cached(spelling: string): HostEntry | undefined {
    const entry = this.young.get(spelling);
    if (entry !== undefined) return entry;
    const older = this.old.get(spelling);
    return older === undefined ? undefined : this.remember(spelling, older);
  }

  remember(spelling: string, entry: HostEntry): HostEntry {
    if (this.young.size >= GENERATION) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(spelling, entry);
    return entry;
  }

  /** After a change of the index every answer "not ours" is made again. */
  forgetSpellings(): void {
    this.young = new Map();
    this.old = new Map();
  }

  get(host: string): HostEntry | undefined {
    return this.hosts.get(host);
  }

  create(host: string): HostEntry {
    if (this.hosts.size >= MOST_HOSTS) this.dropStranger();
    const entry = new HostEntry(this.scheme, host, this.port);
    this.hosts.set(host, entry);
    return entry;
  }

  /** As `create`, for a host that nobody asked for lately: spellings may still lead to an entry dropped before. */
  createLate(host: string): HostEntry {
    this.forgetSpellings();
    return this.create(host);
  }

  private dropStranger(): void {
    for (const [host, entry] of this.hosts) {
      if (entry.ownership !== 'not-ours') continue;
      this.hosts.delete(host);
      return;
    }
  }

  entries(): Iterable<HostEntry> {
    return this.hosts.values();
  }
}
