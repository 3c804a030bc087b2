/** Which DestinationRule holds for a service, seen by a node: istiod's look-up order and merging. */

import type { DestinationRule } from '../api';
import type { IstioObject } from '../read/object';
import { mostSpecific } from './host-names';
import type { NodeView } from './node';
import { ROOT_NAMESPACE } from './world';

type Rule = IstioObject<'DestinationRule'>;

interface Merged {
  rule: Rule;
  readonly exportTo: ReadonlySet<string>;
}

type ByHost = Map<string, Merged[]>;

export class DestinationRules {
  /** Rules that hold in their own namespace. */
  private readonly local = new Map<string, ByHost>();
  /** Rules that hold in other namespaces too. */
  private readonly exported = new Map<string, ByHost>();
  private readonly rootLocal: ByHost = new Map();

  constructor(rules: readonly Rule[]) {
    for (const rule of rules) this.add(rule);
  }

  /** The rule for a service, for outbound traffic of the node. */
  find(host: string, serviceNamespace: string, node: NodeView): Rule | undefined {
    const found = this.candidates(host, serviceNamespace, node);
    let general: Rule | undefined;
    for (const { rule } of found) {
      const selector = rule.spec.workloadSelector;
      if (!selector) general = rule;
      else if (rule.namespace === node.namespace && selects(selector.matchLabels, node.labels)) return rule;
    }
    return general;
  }

  private candidates(host: string, serviceNamespace: string, node: NodeView): readonly Merged[] {
    const { namespace } = node;
    const own = namespace === ROOT_NAMESPACE ? this.rootLocal : this.local.get(namespace);
    const local = lookUp(own, host);
    if (local) return local;
    for (const owner of [serviceNamespace, ROOT_NAMESPACE]) {
      const visible = lookUp(this.exported.get(owner), host)?.filter(
        ({ exportTo }) => exportTo.size === 0 || exportTo.has('*') || exportTo.has(namespace),
      );
      if (visible && visible.length > 0) return visible;
    }
    return [];
  }

  private add(rule: Rule): void {
    const { namespace } = rule;
    const exportTo = new Set(rule.spec.workloadSelector ? ['.'] : (rule.spec.exportTo ?? []));
    const here = exportTo.has('.') || exportTo.has(namespace);
    if (exportTo.size === 0 || exportTo.has('*') || here) merge(mapOf(this.local, namespace), rule, exportTo);
    if (!(exportTo.size === 1 && here)) merge(mapOf(this.exported, namespace), rule, exportTo);
    else if (namespace === ROOT_NAMESPACE) merge(this.rootLocal, rule, exportTo);
  }
}

function mapOf(maps: Map<string, ByHost>, namespace: string): ByHost {
  const found = maps.get(namespace) ?? new Map<string, Merged[]>();
  maps.set(namespace, found);
  return found;
}

function lookUp(rules: ByHost | undefined, host: string): readonly Merged[] | undefined {
  const key = rules && mostSpecific(host, rules.keys());
  return key === undefined ? undefined : rules?.get(key);
}

/** Subsets of several rules for a host are joined; of traffic policies the first one counts. */
function merge(rules: ByHost, rule: Rule, exportTo: ReadonlySet<string>): void {
  const merged = rules.get(rule.spec.host) ?? [];
  rules.set(rule.spec.host, merged);
  let separate = true;
  for (const existing of merged) {
    separate = true;
    if (sameSet(exportTo, existing.exportTo)) separate = false;
    else if (existing.exportTo.size === 0 || ![...existing.exportTo].every((each) => exportTo.has(each)))
      continue;
    const a = existing.rule.spec.workloadSelector;
    const b = rule.spec.workloadSelector;
    if (a && b && !sameLabels(a.matchLabels, b.matchLabels)) {
      separate = true;
      continue;
    }
    if (!a === !b) separate = false;
    existing.rule = { ...existing.rule, spec: join(existing.rule.spec, rule.spec) };
  }
  if (separate) merged.push({ rule, exportTo });
}

function join(first: DestinationRule, second: DestinationRule): DestinationRule {
  const names = new Set((first.subsets ?? []).map((subset) => subset.name));
  return {
    ...first,
    subsets: [
      ...(first.subsets ?? []),
      ...(second.subsets ?? []).filter((subset) => !names.has(subset.name)),
    ],
    trafficPolicy: first.trafficPolicy ?? second.trafficPolicy,
  };
}

export function selects(
  wanted: Readonly<Record<string, string>> | undefined,
  labels: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(wanted ?? {}).every(([key, value]) => labels[key] === value);
}

function sameLabels(
  a: Readonly<Record<string, string>> = {},
  b: Readonly<Record<string, string>> = {},
): boolean {
  return Object.keys(a).length === Object.keys(b).length && selects(a, b);
}

function sameSet(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((each) => b.has(each));
}
