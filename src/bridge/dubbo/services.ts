/**
 * All that is known of Dubbo's services, from both levels, put together: each interface once with each provider once,
 * each application once with each of its ports once. Reports what changed, when told to.
 */

import type { RegistryService } from '../model';
import type { ApplicationInstance } from './application';
import { type ApplicationFacts, applicationService } from './application-service';
import {
  type DubboLevel,
  type DubboPlace,
  type InterfaceFacts,
  interfaceService,
  type MergedInterface,
} from './interface-service';
import { withKnownProviders } from './known';
import { type InterfaceName, interfaceKey } from './names';
import type { Provider } from './provider';
import type { Override } from './rules';
import { sameService } from './same';

/** Where the changes go: a SourceSink will do. */
export interface ServiceChanges {
  update(service: RegistryService): void;
  remove(key: string): void;
}

const NOWHERE: DubboPlace = { namespace: '', group: '', keyPrefix: '' };
const NO_PROVIDERS: readonly Provider[] = [];
const NO_OVERRIDES: readonly Override[] = [];

export class DubboServices {
  private readonly interfaces = new Map<string, InterfaceFacts>();
  private readonly applications = new Map<string, ApplicationFacts>();
  /** Keys of the interfaces of which an owner has providers, by level and owner. */
  private readonly keysOf: Record<DubboLevel, Map<string, ReadonlySet<string>>> = {
    interface: new Map(),
    application: new Map(),
  };
  private readonly applicationOf = new Map<string, string>();
  private readonly rules = new Map<string, readonly Override[]>();
  private readonly changedInterfaces = new Set<string>();
  private readonly changedApplications = new Set<string>();

  constructor(private readonly place: DubboPlace = NOWHERE) {}

  /** Replaces all providers that `owner` (a node, a registry service, an instance) told of at this level. */
  setProviders(level: DubboLevel, owner: string, providers: readonly Provider[]): void {
    const byKey = new Map<string, Provider[]>();
    for (const provider of providers) {
      const key = interfaceKey(provider);
      const list = byKey.get(key);
      if (list) list.push(provider);
      else byKey.set(key, [provider]);
    }
    const keysOf = this.keysOf[level];
    for (const key of keysOf.get(owner) ?? [])
      if (!byKey.has(key)) this.setOf(level, owner, key, NO_PROVIDERS);
    for (const [key, list] of byKey) this.setOf(level, owner, key, list);
    if (byKey.size > 0) keysOf.set(owner, new Set(byKey.keys()));
    else keysOf.delete(owner);
  }

  /** Sets or, with undefined, forgets an instance of the application level; its providers are set apart. */
  setInstance(owner: string, instance: ApplicationInstance | undefined): void {
    const before = this.applicationOf.get(owner);
    if (before !== undefined && before !== instance?.application) {
      this.applications.get(before)?.instances.delete(owner);
      this.changedApplications.add(before);
      this.applicationOf.delete(owner);
    }
    if (!instance) return;
    this.applicationOf.set(owner, instance.application);
    this.application(instance.application).instances.set(owner, instance);
    this.changedApplications.add(instance.application);
  }

  /** Replaces the rules that every consumer applies to the providers of an interface. */
  setRules(name: InterfaceName, overrides: readonly Override[]): void {
    const key = interfaceKey(name);
    if (overrides.length > 0) this.rules.set(key, overrides);
    else this.rules.delete(key);
    if (this.interfaces.has(key)) this.changedInterfaces.add(key);
  }

  /**
   * Reports what changed since the last time, for about `budgetMs` at most (absent: all of it). False: something is left,
   * call again. Applications come last, for each interface changes them.
   */
  flush(changes: ServiceChanges, budgetMs = Number.POSITIVE_INFINITY): boolean {
    const until = performance.now() + budgetMs;
    for (const key of this.changedInterfaces) {
      this.changedInterfaces.delete(key);
      this.flushInterface(key, changes);
      if (performance.now() >= until) return false;
    }
    for (const name of this.changedApplications) {
      this.changedApplications.delete(name);
      this.flushApplication(name, changes);
      if (performance.now() >= until) return false;
    }
    return true;
  }

  private setOf(level: DubboLevel, owner: string, key: string, providers: readonly Provider[]): void {
    const facts = this.interfaces.get(key) ?? this.openInterface(key, providers[0]!);
    const known = facts.levels[level].get(owner) ?? NO_PROVIDERS;
    const told = withKnownProviders(known, providers);
    if (told === known) return;
    if (told.length > 0) facts.levels[level].set(owner, told);
    else facts.levels[level].delete(owner);
    this.changedInterfaces.add(key);
  }

  private openInterface(key: string, { interface: name, group, version }: InterfaceName): InterfaceFacts {
    const facts = {
      name: { interface: name, group, version },
      levels: { interface: new Map(), application: new Map() },
      merged: undefined,
    };
    this.interfaces.set(key, facts);
    return facts;
  }

  private application(name: string): ApplicationFacts {
    let facts = this.applications.get(name);
    if (!facts) {
      facts = { instances: new Map(), interfaces: new Set(), reported: undefined };
      this.applications.set(name, facts);
    }
    return facts;
  }

  private flushInterface(key: string, changes: ServiceChanges): void {
    const facts = this.interfaces.get(key);
    if (!facts) return;
    const before = facts.merged;
    const after = interfaceService(this.place, facts, this.rules.get(key) ?? NO_OVERRIDES);
    if (before && after && sameService(before.service, after.service) && sameNames(before, after)) return;
    facts.merged = after;
    for (const application of before?.applications ?? []) this.forget(application, facts);
    for (const application of after?.applications ?? []) {
      this.application(application).interfaces.add(facts);
      this.changedApplications.add(application);
    }
    if (after) changes.update(after.service);
    else {
      this.interfaces.delete(key);
      if (before) changes.remove(before.service.key);
    }
  }

  private forget(application: string, facts: InterfaceFacts): void {
    this.applications.get(application)?.interfaces.delete(facts);
    this.changedApplications.add(application);
  }

  private flushApplication(name: string, changes: ServiceChanges): void {
    const facts = this.applications.get(name);
    if (!facts) return;
    const service = applicationService(this.place, name, facts);
    if (facts.instances.size === 0 && facts.interfaces.size === 0) this.applications.delete(name);
    const before = facts.reported;
    facts.reported = service;
    if (!service) {
      if (before) changes.remove(before.key);
    } else if (!before || !sameService(before, service)) changes.update(service);
  }
}

function sameNames(a: MergedInterface, b: MergedInterface): boolean {
  return (
    a.applications.size === b.applications.size &&
    [...a.applications].every((each) => b.applications.has(each))
  );
}
