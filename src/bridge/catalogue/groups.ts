/** Which registry services make which mesh service, so that one change converts only what depends on it. */
import {
  type BuiltGroup,
  buildGroup,
  type Group,
  type GroupPart,
  groupsOf,
  MANY_INTERFACES,
  type Rules,
  type SourceRules,
} from '../convert';
import type { RegistryService, Rejection } from '../model';

interface Known {
  readonly group: Group;
  /** By `source` and key. */
  readonly parts: Map<string, GroupPart>;
  built: BuiltGroup | undefined;
}

export interface Exchange {
  readonly before?: BuiltGroup;
  readonly after?: BuiltGroup;
}

export class Groups {
  private readonly groups = new Map<string, Known>();
  /** Keys of the groups that a service is part of. */
  private readonly memberships = new Map<string, readonly string[]>();
  private readonly stale = new Set<string>();
  /** Dubbo interfaces, by source. */
  private readonly interfaces = new Map<string, Map<string, RegistryService>>();
  private readonly applications = new Map<string, Map<string, RegistryService>>();

  constructor(private readonly rules: Rules) {}

  /** A service's effective state; `rebuild` then gives what comes of it. */
  set(source: SourceRules, key: string, service: RegistryService | undefined): void {
    const before = this.interfaceCount(source);
    this.noteDubbo(this.interfaces, 'dubbo-interface', source, key, service);
    this.noteDubbo(this.applications, 'dubbo-application', source, key, service);
    const count = this.interfaceCount(source);
    this.place(source, key, service, count);
    // What `auto` means changed for all of the source.
    if (before > MANY_INTERFACES === count > MANY_INTERFACES || source.config.dubbo.hosts !== 'auto') return;
    for (const each of [this.interfaces, this.applications])
      for (const [other, dubbo] of each.get(source.name) ?? [])
        if (other !== key) this.place(source, other, dubbo, count);
  }

  /** Converts again what a `set` since the last time can have changed. */
  rebuild(): Exchange[] {
    const exchanges: Exchange[] = [];
    for (const key of this.stale) {
      const known = this.groups.get(key);
      if (!known) continue;
      const before = known.built;
      if (known.parts.size === 0) {
        this.groups.delete(key);
        if (before) exchanges.push({ before });
        continue;
      }
      known.built = this.build(known);
      exchanges.push({ ...(before && { before }), after: known.built });
    }
    this.stale.clear();
    return exchanges;
  }

  /** A service that conversion cannot bear stays as it was and is listed; it must not take the others along. */
  private build({ group, parts, built }: Known): BuiltGroup {
    try {
      return buildGroup(this.rules, group, [...parts.values()]);
    } catch (error) {
      const { source, service } = [...parts.values()][0]!;
      const reason = `it cannot be converted, which is a mistake of the bridge: ${String(error)}`;
      const rejection = { source: source.name, service: service.key, code: 'internal', reason };
      return { claims: built?.claims ?? [], drafts: built?.drafts ?? [], rejections: [rejection] };
    }
  }

  /** Claims of the groups that a service is part of: what it is served as. */
  *claimsOf(source: string, key: string): Iterable<string> {
    for (const group of this.memberships.get(idOf(source, key)) ?? [])
      for (const { id } of this.groups.get(group)?.built?.claims ?? []) yield id;
  }

  *rejections(): Iterable<Rejection> {
    for (const { built } of this.groups.values()) yield* built?.rejections ?? [];
  }

  get size(): number {
    return this.groups.size;
  }

  private place(
    source: SourceRules,
    key: string,
    service: RegistryService | undefined,
    interfaces: number,
  ): void {
    const id = idOf(source.name, key);
    const groups = service ? groupsOf(this.rules, source, service, interfaces) : [];
    const now = groups.map((group) => group.key);
    for (const old of this.memberships.get(id) ?? []) {
      this.stale.add(old);
      if (!now.includes(old)) this.groups.get(old)?.parts.delete(id);
    }
    if (service && groups.length > 0) this.memberships.set(id, now);
    else this.memberships.delete(id);
    for (const group of groups) {
      let known = this.groups.get(group.key);
      if (!known) {
        known = { group, parts: new Map(), built: undefined };
        this.groups.set(group.key, known);
      }
      known.parts.set(id, { source, service: service! });
      this.stale.add(group.key);
    }
  }

  private interfaceCount({ name }: SourceRules): number {
    return this.interfaces.get(name)?.size ?? 0;
  }

  private noteDubbo(
    index: Map<string, Map<string, RegistryService>>,
    kind: RegistryService['kind'],
    { name }: SourceRules,
    key: string,
    service: RegistryService | undefined,
  ): void {
    let of = index.get(name);
    if (service?.kind !== kind) {
      of?.delete(key);
      return;
    }
    if (!of) {
      of = new Map();
      index.set(name, of);
    }
    of.set(key, service);
  }
}

function idOf(source: string, key: string): string {
  return `${source}\n${key}`;
}
