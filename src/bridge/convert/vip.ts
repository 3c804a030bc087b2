/** Virtual IPs: the same host has the same one everywhere, without anybody keeping a list. */

import { createHash } from 'node:crypto';
import { parseCidr } from './cidr';
import { ConvertConfigError } from './error';

interface Span {
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

/** The addresses of a range without the excluded ones, IPv4. */
export class VipRange {
  private readonly spans: readonly Span[];
  readonly size: number;

  /** Throws ConvertConfigError when nothing is left. */
  constructor(cidr: string, excluded: readonly string[]) {
    let spans = [spanOf(cidr)];
    for (const each of excluded.filter((range) => parseCidr(range).version === 4).map(spanOf))
      spans = spans.flatMap((span) => without(span, each));
    this.spans = spans;
    this.size = spans.reduce((sum, { from, to }) => sum + to - from, 0);
    if (this.size === 0) throw new ConvertConfigError(`nothing is left of \`${cidr}\` after vipExclude`);
  }

  /** The address that a host asks for at its n-th attempt, n from 0. */
  address(host: string, attempt: number): string {
    const hash = createHash('sha256')
      .update(attempt === 0 ? host : `${host}#${attempt}`)
      .digest();
    let index = hash.readUIntBE(0, 6) % this.size;
    for (const { from, to } of this.spans) {
      if (index < to - from) return dotted(from + index);
      index -= to - from;
    }
    return dotted(this.spans[0]!.from);
  }
}

function spanOf(cidr: string): Span {
  const { address, bits, version } = parseCidr(cidr);
  if (version !== 4) throw new ConvertConfigError(`\`${cidr}\` is not IPv4, and virtual IPs are`);
  const size = 2 ** (32 - bits);
  const number = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const from = Math.floor(number / size) * size;
  return { from, to: from + size };
}

function without(span: Span, hole: Span): Span[] {
  return [
    { from: span.from, to: Math.min(span.to, hole.from) },
    { from: Math.max(span.from, hole.to), to: span.to },
  ].filter(({ from, to }) => from < to);
}

function dotted(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}
