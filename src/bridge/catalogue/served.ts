/**
 * What is served, by host: the entries of the groups' drafts, each with its host and VIP, the emptied ones for their
 * grace, and the snapshot of it all. An entry that did not change stays the same object.
 */
import { checkEntry } from '../check';
import {
  Assignment,
  type BuiltGroup,
  compareClaims,
  type Draft,
  emptied,
  entryOf,
  type HostClaim,
  type VipRange,
  wishedHost,
} from '../convert';
import type { Rejection, ServedEntry, ServedSnapshot } from '../model';
import { PublishedEntries } from './published';
import { isSame } from './same';

/** A host's entry moves on at most so many times before it goes without a VIP: the range is nearly used up. */
const VIP_ATTEMPTS = 256;

interface Host {
  entry: ServedEntry;
  /** Undefined: it has instances. */
  undoRemoval: (() => void) | undefined;
}

export interface ServedOptions {
  readonly vips: VipRange;
  /** A host was emptied; after its grace `remove` is due. Gives a way to take that back. */
  readonly startGrace: (host: string) => () => void;
  /** A host's VIP is another than before, because of a collision. */
  readonly vipMoved: (host: string, from: string, to: string) => void;
}

export class Served {
  private readonly hosts = new Map<string, Host>();
  /** What istiod would refuse of a host's entry, also where nothing is left of it. */
  private readonly refused = new Map<string, readonly Rejection[]>();
  private readonly claims = new Map<string, HostClaim>();
  private readonly drafts = new Map<string, Draft>();
  private readonly claimed = new Assignment<HostClaim>(compareClaims, wishedHost);
  private readonly vips: Assignment<string>;
  private readonly published = new PublishedEntries();

  constructor(private readonly options: ServedOptions) {
    this.vips = new Assignment<string>(
      (a, b) => (a < b ? -1 : a > b ? 1 : 0),
      (host, attempt) => (attempt < VIP_ATTEMPTS ? options.vips.address(host, attempt) : undefined),
    );
  }

  /** Replaces what groups had (`before`) by what they have; names of resources that changed go to `changed`. */
  apply(
    groups: readonly { readonly before?: BuiltGroup; readonly after?: BuiltGroup }[],
    changed: Set<string>,
  ): void {
    const touched = new Set<string>();
    for (const { before, after } of groups) this.exchange(before, after, touched);
    // A host has a VIP from its first entry until it is removed.
    const moved = new Set<string>();
    const lost = new Set<string>();
    for (const host of touched)
      if (this.hosts.has(host) || this.draftAt(host)) this.vips.add(host, moved, lost);
    for (const vip of moved) {
      const host = this.vips.holderOf(vip);
      if (host !== undefined) touched.add(host);
    }
    for (const host of lost) touched.add(host);
    for (const host of touched) this.refresh(host, changed);
  }

  get snapshot(): ServedSnapshot {
    return this.published.snapshot;
  }

  /** Of one claim, as it was settled. */
  entryOfClaim(id: string): ServedEntry | undefined {
    const claim = this.claims.get(id);
    const slot = claim && this.claimed.slotOf(claim);
    return slot === undefined ? undefined : this.hosts.get(slot)?.entry;
  }

  *rejections(): Iterable<Rejection> {
    for (const rejections of this.refused.values()) yield* rejections;
    for (const claim of this.claimed.disappointed()) {
      const slot = this.claimed.slotOf(claim);
      const owner = this.claimed.holderOf(claim.host.toLowerCase());
      const taken = `the host \`${claim.host}\` belongs to ${owner?.source}/${owner?.service}`;
      const reason =
        slot === undefined ? `${taken}; it is not served` : `${taken}; it is served as \`${slot}\``;
      yield { source: claim.source, service: claim.service, code: 'host-taken', reason };
    }
  }

  /** Ends the graces. */
  close(): void {
    for (const { undoRemoval } of this.hosts.values()) undoRemoval?.();
  }

  private exchange(
    before: BuiltGroup | undefined,
    after: BuiltGroup | undefined,
    touched: Set<string>,
  ): void {
    const kept = new Map(after?.claims.map((claim) => [claim.id, claim]));
    for (const { id } of before?.claims ?? []) {
      this.drafts.delete(id);
      const old = this.claims.get(id);
      if (!old) continue;
      const slot = this.claimed.slotOf(old);
      if (slot !== undefined) touched.add(slot);
      if (isSame(kept.get(id), old)) continue;
      this.claims.delete(id);
      this.claimed.remove(old, touched);
    }
    for (const draft of after?.drafts ?? []) this.drafts.set(draft.claim.id, draft);
    for (const claim of kept.values()) {
      if (!this.claims.has(claim.id)) {
        this.claims.set(claim.id, claim);
        this.claimed.add(claim, touched);
      }
      const slot = this.claimed.slotOf(this.claims.get(claim.id)!);
      if (slot !== undefined) touched.add(slot);
    }
  }

  private draftAt(host: string): Draft | undefined {
    const holder = this.claimed.holderOf(host);
    return holder && this.drafts.get(holder.id);
  }

  private refresh(host: string, changed: Set<string>): void {
    const known = this.hosts.get(host);
    const draft = this.draftAt(host);
    if (draft) this.fill(host, known, draft, changed);
    else {
      this.refused.delete(host);
      if (known) this.empty(host, known, changed);
    }
  }

  private fill(host: string, known: Host | undefined, draft: Draft, changed: Set<string>): void {
    const vip = this.vips.slotOf(host);
    const { source, service } = draft.claim;
    const wanted = entryOf(draft, host, vip);
    const { entry, problems } = checkEntry(wanted);
    const rejections: Rejection[] = problems.map(({ code, reason, endpoint }) => {
      const address = endpoint === undefined ? undefined : wanted.endpoints[endpoint]!.address;
      return { source, service, ...(address === undefined ? {} : { instance: address }), code, reason };
    });
    if (vip === undefined)
      rejections.push({
        source,
        service,
        code: 'no-vip',
        reason: 'vipCidr is used up; DNS capture does not know the host',
      });
    if (!entry) {
      if (known) this.empty(host, known, changed);
      this.refused.set(host, rejections);
      return;
    }
    if (rejections.length > 0) this.refused.set(host, rejections);
    else this.refused.delete(host);
    known?.undoRemoval?.();
    if (known && isSame(known.entry, entry)) {
      known.undoRemoval = undefined;
      return;
    }
    this.noteVip(host, known?.entry, entry);
    this.replace(host, known?.entry, { entry, undoRemoval: undefined }, changed);
  }

  private empty(host: string, known: Host, changed: Set<string>): void {
    const vip = this.vips.slotOf(host);
    const entry = { ...emptied(known.entry), addresses: vip === undefined ? [] : [vip] };
    const undoRemoval = known.undoRemoval ?? this.options.startGrace(host);
    if (known.undoRemoval && isSame(known.entry, entry)) return;
    this.replace(host, known.entry, { entry, undoRemoval }, changed);
  }

  /** An emptied host's grace is over. */
  remove(host: string, changed: Set<string>): void {
    const known = this.hosts.get(host);
    if (!known?.undoRemoval) return;
    this.hosts.delete(host);
    this.published.replace(known.entry, undefined, changed);
    const moved = new Set<string>();
    this.vips.remove(host, moved);
    for (const vip of moved) {
      const heir = this.vips.holderOf(vip);
      if (heir !== undefined) this.refresh(heir, changed);
    }
  }

  private replace(host: string, before: ServedEntry | undefined, after: Host, changed: Set<string>): void {
    this.hosts.set(host, after);
    this.published.replace(before, after.entry, changed);
  }

  private noteVip(host: string, before: ServedEntry | undefined, after: ServedEntry): void {
    const [from, to] = [before?.addresses[0], after.addresses[0]];
    if (from !== undefined && to !== undefined && from !== to) this.options.vipMoved(host, from, to);
  }
}
