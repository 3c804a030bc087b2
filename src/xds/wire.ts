/**
 * Protobuf's wire format, only as far as needed to find the parts of a big message without decoding them.
 * Every function throws a `WireError` on malformed bytes and nothing else.
 */

export class WireError extends Error {}

export const WIRE_VARINT = 0;
export const WIRE_FIXED64 = 1;
export const WIRE_BYTES = 2;
export const WIRE_FIXED32 = 5;

/** Walks the top-level fields of one message. */
export class WireReader {
  private pos: number;
  /** Of the field that `next` found. */
  fieldNumber = 0;
  wireType = 0;
  /** Start of the field including its tag. */
  fieldStart = 0;
  /** Content of a length-delimited field, value bytes of others. */
  contentStart = 0;
  contentEnd = 0;

  constructor(
    readonly bytes: Uint8Array,
    start = 0,
    readonly end = bytes.length,
  ) {
    this.pos = start;
  }

  /** Moves to the next field; false at the end. */
  next(): boolean {
    if (this.pos >= this.end) return false;
    this.fieldStart = this.pos;
    const tag = this.varint();
    this.fieldNumber = Math.floor(tag / 8);
    this.wireType = tag & 7;
    if (this.fieldNumber === 0 || this.fieldNumber > 536870911) throw new WireError('illegal field number');
    this.contentStart = this.pos;
    switch (this.wireType) {
      case WIRE_VARINT:
        this.varint();
        break;
      case WIRE_FIXED64:
        this.pos += 8;
        break;
      case WIRE_BYTES: {
        const length = this.varint();
        this.contentStart = this.pos;
        this.pos += length;
        break;
      }
      case WIRE_FIXED32:
        this.pos += 4;
        break;
      default:
        throw new WireError(`illegal wire type ${this.wireType}`);
    }
    if (this.pos > this.end) throw new WireError('truncated');
    this.contentEnd = this.pos;
    return true;
  }

  /** The found field's bytes, sharing memory. */
  content(): Uint8Array {
    return this.bytes.subarray(this.contentStart, this.contentEnd);
  }

  text(): string {
    return Buffer.from(
      this.bytes.buffer,
      this.bytes.byteOffset + this.contentStart,
      this.contentEnd - this.contentStart,
    ).toString('utf8');
  }

  /** Is a varint field's value not zero? */
  flag(): boolean {
    for (let i = this.contentStart; i < this.contentEnd; i++) if ((this.bytes[i]! & 0x7f) !== 0) return true;
    return false;
  }

  /** Exact below 2^53, which is all that tags and lengths may be. */
  private varint(): number {
    let value = 0;
    let factor = 1;
    for (let i = 0; i < 10; i++) {
      if (this.pos >= this.end) throw new WireError('truncated');
      const byte = this.bytes[this.pos++]!;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 128;
    }
    throw new WireError('varint too long');
  }
}

/** A message cut in two: the occurrences of one length-delimited field, and all else as one smaller message. */
export interface SplitMessage {
  readonly parts: readonly Uint8Array[];
  readonly rest: Uint8Array;
}

export function splitMessage(bytes: Uint8Array, fieldNumber: number): SplitMessage {
  const parts: Uint8Array[] = [];
  const others: Uint8Array[] = [];
  const reader = new WireReader(bytes);
  while (reader.next()) {
    if (reader.fieldNumber === fieldNumber && reader.wireType === WIRE_BYTES) parts.push(reader.content());
    else others.push(bytes.subarray(reader.fieldStart, reader.contentEnd));
  }
  return { parts, rest: Buffer.concat(others) };
}
