/** Locality load balancing: weights by `distribute`, priorities by `failover` and `failoverPriority`. */

import type { LocalitySetting, TrafficPolicy } from '../api';
import type { NodeView, ServiceEndpoint } from '../mesh';
import { parseLocality } from '../mesh/node';
import { type LocalityEndpointsPb, wrap } from './pb';

export interface LocalityGroup {
  readonly group: LocalityEndpointsPb;
  /** In the order of `group.lbEndpoints`. */
  readonly sources: readonly ServiceEndpoint[];
}

type Locality = LocalityEndpointsPb['locality'];

/** Priorities only with outlier detection: otherwise nothing would ever fail over. */
export function applyLocality(
  groups: readonly LocalityGroup[],
  policy: TrafficPolicy | undefined,
  node: NodeView,
): readonly LocalityGroup[] {
  // istiod's mesh config has locality load balancing on, without further settings.
  const setting: LocalitySetting = policy?.loadBalancer?.localityLbSetting ?? {};
  if (setting.enabled === false) return groups;
  if (setting.distribute) return distribute(groups, setting.distribute, node);
  if (!policy?.outlierDetection) return groups;
  let prioritised = groups;
  if (setting.failoverPriority?.length) {
    prioritised = byLabels(groups, setting.failoverPriority, node);
    if (!setting.failover?.length) return prioritised;
  }
  return byLocality(prioritised, setting.failover ?? [], node);
}

type Distribute = NonNullable<LocalitySetting['distribute']>;

/** Of the first entry for the node's locality. Localities that get nothing keep their place, without endpoints. */
function distribute(groups: readonly LocalityGroup[], entries: Distribute, node: NodeView): LocalityGroup[] {
  const entry = entries.find(({ from }) => localityMatches(node.locality, from));
  if (!entry) return [...groups];
  const weights = new Map<LocalityGroup, number>();
  for (const [pattern, weight] of Object.entries(entry.to)) {
    const matched = groups.filter(
      (each) => !weights.has(each) && localityMatches(each.group.locality, pattern),
    );
    const total = matched.reduce((sum, each) => sum + weightOf(each), 0);
    for (const each of matched) weights.set(each, Math.ceil((weightOf(each) * weight) / total));
  }
  return groups.map((each) => {
    const weight = weights.get(each);
    if (weight === undefined) return { sources: [], group: { ...each.group, lbEndpoints: [] } };
    return weight > 0 ? { ...each, group: { ...each.group, loadBalancingWeight: wrap(weight) } } : each;
  });
}

function weightOf({ group }: LocalityGroup): number {
  return group.loadBalancingWeight?.value ?? 1;
}

/** `*` stands for everything; zone and sub zone may be left out. */
function localityMatches(locality: Locality, pattern: string): boolean {
  const { region, zone, subZone } = parseLocality(pattern);
  if (region !== '*' && region !== (locality?.region ?? '')) return false;
  if (zone !== '*' && zone !== '' && zone !== (locality?.zone ?? '')) return false;
  return subZone === '*' || subZone === '' || subZone === (locality?.subZone ?? '');
}

type Failover = NonNullable<LocalitySetting['failover']>;

function byLocality(groups: readonly LocalityGroup[], failover: Failover, node: NodeView): LocalityGroup[] {
  const target = failover.find(({ from }) => from === node.locality.region)?.to;
  return compact(groups, ({ group }) => {
    let distance = distanceOf(node.locality, group.locality);
    if (distance === 3 && target !== undefined && (group.locality?.region ?? '') !== target) distance = 4;
    return (group.priority ?? 0) * 5 + distance;
  });
}

/** 0 same sub zone, 1 same zone, 2 same region, 3 elsewhere. */
function distanceOf(own: NodeView['locality'], other: Locality): number {
  if (own.region !== (other?.region ?? '')) return 3;
  if (own.zone !== (other?.zone ?? '')) return 2;
  return own.subZone === (other?.subZone ?? '') ? 0 : 1;
}

/** Splits localities by how many of the labels, in order, endpoint and node share. */
function byLabels(
  groups: readonly LocalityGroup[],
  priorities: readonly string[],
  node: NodeView,
): LocalityGroup[] {
  const split: { readonly group: LocalityGroup; readonly priority: number }[] = [];
  for (const each of groups) {
    const buckets = new Map<number, number[]>();
    each.sources.forEach((source, index) => {
      const priority = labelDistance(source, priorities, node);
      buckets.set(priority, [...(buckets.get(priority) ?? []), index]);
    });
    for (const priority of [...buckets.keys()].sort((a, b) => a - b)) {
      split.push({ group: pick(each, buckets.get(priority)!), priority });
    }
  }
  const byGroup = new Map(split.map(({ group, priority }) => [group, priority]));
  return compact([...byGroup.keys()], (group) => byGroup.get(group)!);
}

function pick({ group, sources }: LocalityGroup, indices: readonly number[]): LocalityGroup {
  const picked = indices.map((index) => sources[index]!);
  return {
    sources: picked,
    group: {
      ...group,
      lbEndpoints: indices.map((index) => group.lbEndpoints![index]!),
      loadBalancingWeight: wrap(picked.reduce((sum, endpoint) => sum + endpoint.weight, 0)),
    },
  };
}

/** 0 = all labels equal; a first label `topology.istio.io/network` that differs puts it behind all others. */
function labelDistance(source: ServiceEndpoint, priorities: readonly string[], node: NodeView): number {
  const lowest = priorities.length;
  let behind = 0;
  for (const [index, each] of priorities.entries()) {
    const [label, value] = each.split('=') as [string, string?];
    if ((value ?? node.labels[label] ?? '') === (source.labels[label] ?? '')) continue;
    if (index === 0 && label === 'topology.istio.io/network') behind = lowest;
    else return lowest - index + behind;
  }
  return behind;
}

/** Priorities without gaps from 0. */
function compact(
  groups: readonly LocalityGroup[],
  priorityOf: (each: LocalityGroup) => number,
): LocalityGroup[] {
  const raw = groups.map(priorityOf);
  const levels = [...new Set(raw)].sort((a, b) => a - b);
  return groups.map((each, index) => ({
    ...each,
    group: { ...each.group, priority: levels.indexOf(raw[index]!) },
  }));
}
