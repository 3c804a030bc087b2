/** One list of both sides' instances, in the shape of the client's own records. */

import type { MeshInstance } from './instance';
import type { Choice } from './modes';

/** How a client's records are read and made. */
export interface Shape<T> {
  /** `ip:port` of a record; undefined for one that is no address. */
  key(record: T): string | undefined;
  /** As the registry says it; undefined where records have no weight. */
  weight(record: T): number | undefined;
  /** A full record of a mesh instance, a new one each time. */
  make(instance: MeshInstance, weight: number): T;
}

/** How many times as much a mesh instance gets as one of the registry's. */
export interface Shares {
  readonly registry: number;
  readonly mesh: number;
}

export const EQUAL_SHARES: Shares = { registry: 1, mesh: 1 };

export function readShares(text: string): Shares | undefined {
  const found = /^(\d+(?:\.\d+)?):(\d+(?:\.\d+)?)$/.exec(text);
  const [registry, mesh] = [Number(found?.[1] ?? 0), Number(found?.[2] ?? 0)];
  return registry > 0 && mesh > 0 ? { registry, mesh } : undefined;
}

export interface MergeInput<T> {
  readonly records: readonly T[];
  readonly instances: readonly MeshInstance[];
  readonly choice: Choice;
  /** False for mesh instances that the registry alone decides about. */
  readonly mayAdd: (key: string) => boolean;
  readonly shares: Shares;
  readonly shape: Shape<T>;
}

/**
 * The registry's records come first and untouched, then copies of what only the mesh has. Mesh weights are put in the
 * registry's measure: the mean of both sides is the same, times the shares. When nothing is to be changed the
 * registry's own array comes back.
 */
export function mergeLists<T>(input: MergeInput<T>): readonly T[] {
  const { records, instances, choice, mayAdd, shape, shares } = input;
  if (choice === 'registry' || (choice === 'both' && instances.length === 0)) return records;
  const byKey = new Map<string, T>();
  for (const record of records) {
    const key = shape.key(record);
    if (key !== undefined && !byKey.has(key)) byKey.set(key, record);
  }
  const scale = (meanWeight(records, shape) * shares.mesh) / shares.registry;
  const merged: T[] = choice === 'both' ? records.slice() : [];
  for (const instance of instances) {
    const own = byKey.get(instance.key);
    if (own === undefined) {
      if (mayAdd(instance.key)) merged.push(shape.make(instance, instance.weight * scale));
    } else if (choice === 'mesh') merged.push(own);
  }
  return choice === 'both' && merged.length === records.length ? records : merged;
}

/** 1 where nothing has a weight. */
function meanWeight<T>(records: readonly T[], shape: Shape<T>): number {
  let [sum, count] = [0, 0];
  for (const record of records) {
    const weight = shape.weight(record);
    if (weight === undefined || !(weight > 0)) continue;
    sum += weight;
    count++;
  }
  return count === 0 ? 1 : sum / count;
}
