/** google.protobuf.Any and Struct to and from plain values. */

import type { pb } from './pb';

export interface AnyValue {
  readonly typeUrl: string;
  readonly value: Uint8Array;
}

interface Encoder<T> {
  encode(message: T): { finish(): Uint8Array };
}

/** Packs a message: `packAny(TYPE_URL.cluster, pb.envoy.config.cluster.v3.Cluster, { name })`. */
export function packAny<T>(typeUrl: string, type: Encoder<T>, message: T): AnyValue {
  return { typeUrl, value: type.encode(message).finish() };
}

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

type Value = pb.google.protobuf.Value.$Properties;
type Struct = pb.google.protobuf.Struct.$Properties;

export function toStruct(object: { readonly [key: string]: Json }): Struct {
  const fields: { [key: string]: Value } = {};
  for (const [key, value] of Object.entries(object)) fields[key] = toValue(value);
  return { fields };
}

function toValue(json: Json): Value {
  if (json === null) return { nullValue: 0 };
  if (typeof json === 'boolean') return { boolValue: json };
  if (typeof json === 'number') return { numberValue: json };
  if (typeof json === 'string') return { stringValue: json };
  if (Array.isArray(json)) return { listValue: { values: json.map(toValue) } };
  return { structValue: toStruct(json as { readonly [key: string]: Json }) };
}

export function fromStruct(struct: Struct | null | undefined): { [key: string]: Json } {
  const object: { [key: string]: Json } = {};
  for (const [key, value] of Object.entries(struct?.fields ?? {})) {
    // A key of a peer may be `__proto__`: it becomes data, never the prototype.
    Object.defineProperty(object, key, {
      value: fromValue(value),
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return object;
}

function fromValue(value: Value): Json {
  if (value.structValue) return fromStruct(value.structValue);
  if (value.listValue) return (value.listValue.values ?? []).map(fromValue);
  return value.stringValue ?? value.boolValue ?? value.numberValue ?? null;
}
