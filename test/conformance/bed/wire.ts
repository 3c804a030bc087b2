/** Protobuf on the wire: messages are taken apart and put together again, so that no unknown field is lost. */

import { WIRE_BYTES, WIRE_VARINT, WireReader } from '../../../src/xds/wire';

/** A field of a message with its tag. */
export function bytesField(number: number, content: Uint8Array | string): Buffer {
  const value = typeof content === 'string' ? Buffer.from(content) : content;
  return Buffer.concat([varint(number * 8 + WIRE_BYTES), varint(value.length), value]);
}

export function varintField(number: number, value: number): Buffer {
  return Buffer.concat([varint(number * 8 + WIRE_VARINT), varint(value)]);
}

export function message(...fields: readonly Uint8Array[]): Buffer {
  return Buffer.concat(fields);
}

/** The message without some of its fields. */
export function without(bytes: Uint8Array, ...numbers: readonly number[]): Buffer {
  const kept: Uint8Array[] = [];
  const reader = new WireReader(bytes);
  while (reader.next()) {
    if (!numbers.includes(reader.fieldNumber))
      kept.push(bytes.subarray(reader.fieldStart, reader.contentEnd));
  }
  return Buffer.concat(kept);
}

/** Every occurrence of a length-delimited field. */
export function all(bytes: Uint8Array, number: number): Uint8Array[] {
  const found: Uint8Array[] = [];
  const reader = new WireReader(bytes);
  while (reader.next()) {
    if (reader.fieldNumber === number && reader.wireType === WIRE_BYTES) found.push(reader.content());
  }
  return found;
}

/** The text at a path of fields; empty when something on the way is absent. */
export function textAt(bytes: Uint8Array, ...path: readonly number[]): string {
  let at: Uint8Array | undefined = bytes;
  for (const number of path) {
    if (at === undefined) return '';
    at = all(at, number)[0];
  }
  return at === undefined ? '' : Buffer.from(at).toString('utf8');
}

/** The number in the last occurrence of a varint field, 0 when absent. */
export function numberOf(bytes: Uint8Array, number: number): number {
  let value = 0;
  const reader = new WireReader(bytes);
  while (reader.next()) {
    if (reader.fieldNumber !== number || reader.wireType !== WIRE_VARINT) continue;
    value = 0;
    const content = reader.content();
    for (let i = content.length - 1; i >= 0; i--) value = value * 128 + (content[i]! & 0x7f);
  }
  return value;
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}
