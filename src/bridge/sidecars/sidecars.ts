/**
 * The Sidecars themselves. A proxy whose Sidecar misses a host cannot call it, so what was consumed once stays for a
 * long while, and `./*` and `istio-system/*` are always there.
 */

import { isDeepStrictEqual } from 'node:util';
import { isLabelValue } from '../check';
import { anyGlob, resourceName } from '../convert';
import type { DubboKey, ServedSidecar } from '../model';
import { type ApplicationCalls, type Hosts, hostsOfCall } from './calls';
import type { SidecarsConfig, WorkloadsConfig } from './config';

const ALWAYS = ['./*', 'istio-system/*'];

export interface SidecarStatus {
  readonly application: string;
  /** `namespace/name`; absent: why there is none is in `problem`. */
  readonly sidecar?: string;
  readonly problem?: string;
  /** `interface`, `group/interface:version` of what it consumes now. */
  readonly consumes: readonly string[];
  /** `namespace/host`, with those that stay for a while. */
  readonly hosts: readonly string[];
}

interface Rule extends WorkloadsConfig {
  readonly matches: (application: string) => boolean;
}

export class Sidecars {
  private readonly rules: readonly Rule[];
  /** When each host was last consumed, by application; ms. */
  private readonly seen = new Map<string, Map<string, number>>();
  private last: ReadonlyMap<string, ServedSidecar> = new Map();
  private statuses: SidecarStatus[] = [];

  constructor(private readonly config: SidecarsConfig) {
    this.rules = config.workloads.map((each) => ({ ...each, matches: anyGlob(each.applications) }));
  }

  status(): readonly SidecarStatus[] {
    return this.statuses;
  }

  /** What is to be served from now (ms) on, by `namespace/name` in byte order. One that did not change is the same object. */
  make(calls: ApplicationCalls, hosts: Hosts, now: number): ReadonlyMap<string, ServedSidecar> {
    for (const [application, consumed] of calls) this.note(application, consumed, hosts, now);
    this.forget(now);
    this.statuses = [];
    const made = new Map<string, ServedSidecar>();
    for (const application of [...this.seen.keys()].sort()) {
      const found = [...this.seen.get(application)!.keys()];
      const consumes = (calls.get(application) ?? []).map(textOf).sort();
      for (const rule of this.rules.filter(({ matches }) => matches(application))) {
        const name = `inmesh-${resourceName(application)}`.slice(0, 63);
        const key = `${rule.namespace}/${name}`;
        if (made.has(key)) continue;
        const all = [...new Set([...ALWAYS, ...rule.hosts, ...found])].sort();
        if (!isLabelValue(application)) {
          const problem = 'its name is no value of a label, so that its workloads cannot be selected';
          this.statuses.push({ application, problem, consumes, hosts: all });
          continue;
        }
        made.set(key, this.same(key, sidecarOf(rule, name, application, all)));
        this.statuses.push({ application, sidecar: key, consumes, hosts: all });
      }
    }
    this.last = new Map([...made].sort(([a], [b]) => (a < b ? -1 : 1)));
    return this.last;
  }

  private note(application: string, consumed: readonly DubboKey[], hosts: Hosts, now: number): void {
    const seen = this.seen.get(application) ?? new Map<string, number>();
    this.seen.set(application, seen);
    for (const call of consumed) for (const host of hostsOfCall(call, hosts)) seen.set(host, now);
    // The application itself is known as long as it consumes anything, also what nobody provides.
    seen.set(ALWAYS[0]!, now);
  }

  private forget(now: number): void {
    for (const [application, seen] of this.seen) {
      for (const [host, at] of seen) if (at + this.config.keepMs < now) seen.delete(host);
      if (seen.size === 0) this.seen.delete(application);
    }
  }

  private same(key: string, sidecar: ServedSidecar): ServedSidecar {
    const before = this.last.get(key);
    return isDeepStrictEqual(before, sidecar) ? before! : sidecar;
  }
}

function sidecarOf(
  { namespace, label }: Rule,
  name: string,
  application: string,
  hosts: readonly string[],
): ServedSidecar {
  return {
    namespace,
    name,
    labels: { 'inmesh.application': application },
    selector: { [label]: application },
    hosts,
  };
}

function textOf({ interface: name, group, version }: DubboKey): string {
  return `${group === '' ? '' : `${group}/`}${name}${version === '' ? '' : `:${version}`}`;
}
