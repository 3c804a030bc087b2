/** What ring and Maglev have in common: a table over hosts by weight, made in steps, asked with a 64-bit key. */

import type { EndpointState, U64 } from '../../cluster';

/** A host with its share of all weight. */
export interface WeightedHost {
  readonly host: EndpointState;
  /** The shares of all hosts add up to 1. */
  readonly share: number;
}

export interface HashTable {
  /** The same key leads to the same host. `attempt` from 0: further ones lead to other places of the table. */
  choose(key: U64, attempt: number): EndpointState | undefined;
}

/** Makes a table; yields often, so that whoever runs it can pause. */
export type TableBuild = Generator<undefined, HashTable>;

/** Steps between two pauses: well below a millisecond of work. */
export const STEPS = 1024;

const encoder = new TextEncoder();

/** What a host is hashed by: Envoy's text of its address. */
export function hashKeyOf({ endpoint: { address, port } }: EndpointState): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** The remainder of a 64-bit number; `divisor` below 2^23, so that nothing here leaves the safe integers. */
export function remainder({ hi, lo }: U64, divisor: number): number {
  return ((hi % divisor) * (0x100000000 % divisor) + lo) % divisor;
}
