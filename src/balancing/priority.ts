/**
 * How much of the load each priority takes: Envoy's rule. A priority is as good as full while healthy hosts times the
 * overprovisioning factor make 100 %; what it lacks spills over to the next ones.
 */

import type { HostSet } from './host-set';

export type HostSource = 'all' | 'healthy' | 'degraded';

/** Percent of the load per priority (same order as the host sets); healthy and degraded add up to 100. */
export interface PriorityLoad {
  readonly healthy: readonly number[];
  readonly degraded: readonly number[];
  /** Priorities in panic: health is ignored there. */
  readonly panic: readonly boolean[];
}

/** `overprovisioning` and `panicThreshold` in percent. */
export function priorityLoad(
  sets: readonly HostSet[],
  overprovisioning: number,
  panicThreshold: number,
): PriorityLoad {
  const health = sets.map((set) => availability(set.healthy.length, set.all.length, overprovisioning));
  const degradation = sets.map((set) => availability(set.degraded.length, set.all.length, overprovisioning));
  const total = Math.min(100, sum(health) + sum(degradation));
  const panic = sets.map((set) => total < 100 && isInPanic(set, panicThreshold));
  if (sets.length > 0 && panicThreshold > 0 && panic.every(Boolean)) {
    return { ...loadByHostCount(sets), panic };
  }
  if (total === 0)
    return { healthy: sets.map((_, at) => (at === 0 ? 100 : 0)), degraded: sets.map(() => 0), panic };
  const healthy = distribute(health, 100, total);
  const degraded = distribute(degradation, 100 - sum(healthy), total);
  giveRest(healthy, health, degraded, degradation);
  return { healthy, degraded, panic };
}

/** Draws a priority and which of its hosts count. `random` is uniform in [0, 1). */
export function choosePriority(
  load: PriorityLoad,
  random: () => number,
): { readonly at: number; readonly source: HostSource } {
  const point = Math.floor(random() * 100) + 1;
  let sumSoFar = 0;
  for (let at = 0; at < load.healthy.length; at++) {
    sumSoFar += load.healthy[at] as number;
    if (point <= sumSoFar) return { at, source: load.panic[at] ? 'all' : 'healthy' };
  }
  for (let at = 0; at < load.degraded.length; at++) {
    sumSoFar += load.degraded[at] as number;
    if (point <= sumSoFar) return { at, source: load.panic[at] ? 'all' : 'degraded' };
  }
  return { at: 0, source: 'healthy' };
}

function availability(hosts: number, all: number, overprovisioning: number): number {
  return all === 0 ? 0 : Math.min(100, Math.floor((overprovisioning * hosts) / all));
}

function isInPanic(set: HostSet, threshold: number): boolean {
  const all = set.all.length;
  const percent = all === 0 ? 0 : Math.floor((100 * (set.healthy.length + set.degraded.length)) / all);
  return percent < Math.min(100, threshold);
}

/** Envoy's total panic: load by number of hosts, whatever their health. */
function loadByHostCount(sets: readonly HostSet[]): Pick<PriorityLoad, 'healthy' | 'degraded'> {
  const total = sum(sets.map((set) => set.all.length));
  const healthy = sets.map((set) => (total === 0 ? 0 : Math.floor((100 * set.all.length) / total)));
  const first = Math.max(
    0,
    sets.findIndex((set) => set.all.length > 0),
  );
  healthy[first] = (healthy[first] ?? 0) + 100 - sum(healthy);
  return { healthy, degraded: sets.map(() => 0) };
}

function distribute(available: readonly number[], load: number, total: number): number[] {
  let left = load;
  return available.map((percent) => {
    const share = Math.min(left, Math.floor((percent * 100) / total));
    left -= share;
    return share;
  });
}

/** Rounding leaves a few percent: the first available priority takes them. */
function giveRest(
  healthy: number[],
  health: readonly number[],
  degraded: number[],
  degradation: readonly number[],
): void {
  const rest = 100 - sum(healthy) - sum(degraded);
  if (rest === 0) return;
  const firstHealthy = health.findIndex((percent) => percent > 0);
  if (firstHealthy >= 0) healthy[firstHealthy] = (healthy[firstHealthy] as number) + rest;
  else {
    const firstDegraded = degradation.findIndex((percent) => percent > 0);
    degraded[firstDegraded] = (degraded[firstDegraded] as number) + rest;
  }
}

function sum(numbers: readonly number[]): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}
