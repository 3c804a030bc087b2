/**
 * xxHash64 on 32-bit halves. A library of WebAssembly cannot be loaded without waiting, and BigInt takes twenty times
 * as long: a ring of 65,537 points must not stop the application.
 */

/** A 64-bit unsigned number; both halves in [0, 2^32). */
export interface U64 {
  readonly hi: number;
  readonly lo: number;
}

const P1 = { hi: 0x9e3779b1 | 0, lo: 0x85ebca87 | 0 };
const P2 = { hi: 0xc2b2ae3d | 0, lo: 0x27d4eb4f | 0 };
const P3 = { hi: 0x165667b1, lo: 0x9e3779f9 | 0 };
const P4 = { hi: 0x85ebca77 | 0, lo: 0xc2b2ae63 | 0 };
const P5 = { hi: 0x27d4eb2f, lo: 0x165667c5 };

const STRIPE = 32;
export const NO_SEED: U64 = { hi: 0, lo: 0 };

/** A 64-bit register; halves are signed 32-bit, which V8 keeps as small integers. */
class Register {
  hi = 0;
  lo = 0;

  set(hi: number, lo: number): void {
    this.hi = hi | 0;
    this.lo = lo | 0;
  }

  add(hi: number, lo: number): void {
    const sum = (this.lo >>> 0) + (lo >>> 0);
    this.lo = sum | 0;
    this.hi = (this.hi + hi + (sum > 0xffffffff ? 1 : 0)) | 0;
  }

  xor(hi: number, lo: number): void {
    this.hi ^= hi;
    this.lo ^= lo;
  }

  mul(hi: number, lo: number): void {
    const a = this.lo;
    this.hi = (mulHigh(a, lo) + Math.imul(this.hi, lo) + Math.imul(a, hi)) | 0;
    this.lo = Math.imul(a, lo);
  }

  /** 0 < bits < 32. */
  rotateLeft(bits: number): void {
    const { hi, lo } = this;
    this.hi = (hi << bits) | (lo >>> (32 - bits));
    this.lo = (lo << bits) | (hi >>> (32 - bits));
  }

  /** xor with itself shifted right by that many bits; 0 < bits < 64, not 32. */
  xorShift(bits: number): void {
    const { hi, lo } = this;
    if (bits > 32) this.lo = lo ^ (hi >>> (bits - 32));
    else {
      this.lo = lo ^ ((lo >>> bits) | (hi << (32 - bits)));
      this.hi = hi ^ (hi >>> bits);
    }
  }

  /** One round of xxHash64 over eight bytes of input. */
  round(hi: number, lo: number): void {
    const a = lo;
    const high = (mulHigh(a, P2.lo) + Math.imul(hi, P2.lo) + Math.imul(a, P2.hi)) | 0;
    this.add(high, Math.imul(a, P2.lo));
    this.rotateLeft(31);
    this.mul(P1.hi, P1.lo);
  }
}

/** The upper half of the product of two unsigned 32-bit numbers. */
function mulHigh(a: number, b: number): number {
  const a0 = a & 0xffff;
  const a1 = a >>> 16;
  const b0 = b & 0xffff;
  const b1 = b >>> 16;
  const middle = a1 * b0 + ((a0 * b0) >>> 16);
  const other = a0 * b1 + (middle & 0xffff);
  return (a1 * b1 + (middle >>> 16) + (other >>> 16)) | 0;
}

const hash = new Register();
const turned = new Register();
const lanes = [new Register(), new Register(), new Register(), new Register()] as const;

/** Hashes the first `length` bytes. The halves of the result are written at `at`. */
export function xxHash64Into(
  bytes: Uint8Array,
  length: number,
  seed: U64,
  high: Uint32Array,
  low: Uint32Array,
  at: number,
): void {
  let offset = 0;
  if (length >= STRIPE) offset = hashStripes(bytes, length, seed);
  else {
    hash.set(P5.hi, P5.lo);
    hash.add(seed.hi, seed.lo);
  }
  hash.add(0, length);
  for (; offset + 8 <= length; offset += 8) {
    turned.set(0, 0);
    turned.round(word(bytes, offset + 4), word(bytes, offset));
    hash.xor(turned.hi, turned.lo);
    hash.rotateLeft(27);
    hash.mul(P1.hi, P1.lo);
    hash.add(P4.hi, P4.lo);
  }
  if (offset + 4 <= length) {
    turned.set(0, word(bytes, offset));
    turned.mul(P1.hi, P1.lo);
    hash.xor(turned.hi, turned.lo);
    hash.rotateLeft(23);
    hash.mul(P2.hi, P2.lo);
    hash.add(P3.hi, P3.lo);
    offset += 4;
  }
  for (; offset < length; offset++) {
    turned.set(0, bytes[offset] as number);
    turned.mul(P5.hi, P5.lo);
    hash.xor(turned.hi, turned.lo);
    hash.rotateLeft(11);
    hash.mul(P1.hi, P1.lo);
  }
  hash.xorShift(33);
  hash.mul(P2.hi, P2.lo);
  hash.xorShift(29);
  hash.mul(P3.hi, P3.lo);
  hash.xor(0, hash.hi);
  high[at] = hash.hi;
  low[at] = hash.lo;
}

/** The four lanes over all whole stripes; returns the bytes taken. */
function hashStripes(bytes: Uint8Array, length: number, seed: U64): number {
  const [a, b, c, d] = lanes;
  a.set(seed.hi, seed.lo);
  a.add(P1.hi, P1.lo);
  a.add(P2.hi, P2.lo);
  b.set(seed.hi, seed.lo);
  b.add(P2.hi, P2.lo);
  c.set(seed.hi, seed.lo);
  d.set(seed.hi, seed.lo);
  d.add(~P1.hi, ~P1.lo);
  d.add(0, 1);
  let offset = 0;
  for (; offset + STRIPE <= length; offset += STRIPE) {
    lanes.forEach((lane, i) => {
      const at = offset + 8 * i;
      lane.round(word(bytes, at + 4), word(bytes, at));
    });
  }
  hash.set(0, 0);
  lanes.forEach(({ hi, lo }, i) => {
    turned.set(hi, lo);
    turned.rotateLeft([1, 7, 12, 18][i] as number);
    hash.add(turned.hi, turned.lo);
  });
  for (const { hi, lo } of lanes) {
    turned.set(0, 0);
    turned.round(hi, lo);
    hash.xor(turned.hi, turned.lo);
    hash.mul(P1.hi, P1.lo);
    hash.add(P4.hi, P4.lo);
  }
  return offset;
}

/** Four bytes, little endian. */
function word(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}

const oneHigh = new Uint32Array(1);
const oneLow = new Uint32Array(1);

/** xxHash64 of bytes. */
export function xxHash64(bytes: Uint8Array, seed: U64 = NO_SEED): U64 {
  xxHash64Into(bytes, bytes.length, seed, oneHigh, oneLow, 0);
  return { hi: oneHigh[0] as number, lo: oneLow[0] as number };
}
