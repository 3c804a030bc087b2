/** Ranges of addresses, IPv4 and IPv6. */
import { BlockList, isIP } from 'node:net';
import { ConvertConfigError } from './error';

/** `10.0.0.0/8`, or one address, as address and length of its prefix. Throws ConvertConfigError. */
export function parseCidr(text: string): {
  readonly address: string;
  readonly bits: number;
  readonly version: 4 | 6;
} {
  const [address = '', length] = text.split('/');
  const version = isIP(address) as 0 | 4 | 6;
  const most = version === 4 ? 32 : 128;
  const bits = length === undefined ? most : Number(length);
  if (version === 0 || address.includes('%') || !Number.isInteger(bits) || bits < 0 || bits > most)
    throw new ConvertConfigError(`\`${text}\` is no address and no range of addresses such as 10.0.0.0/8`);
  return { address, bits, version };
}

const family = (version: number) => (version === 6 ? 'ipv6' : 'ipv4');

/** A set of ranges. */
export class CidrSet {
  private readonly list = new BlockList();
  readonly isEmpty: boolean;

  constructor(cidrs: readonly string[]) {
    for (const { address, bits, version } of cidrs.map(parseCidr))
      this.list.addSubnet(address, bits, family(version));
    this.isEmpty = cidrs.length === 0;
  }

  /** False for what is no IP address. */
  has(address: string): boolean {
    if (this.isEmpty) return false;
    const version = isIP(address);
    return version !== 0 && this.list.check(address, family(version));
  }
}

/** Values by range; the narrowest range that holds an address counts, the first of equal ones. */
export class CidrMap<V> {
  private readonly ranges: readonly { readonly bits: number; readonly set: CidrSet; readonly value: V }[];

  constructor(entries: readonly (readonly [string, V])[]) {
    this.ranges = entries
      .map(([cidr, value]) => ({ bits: parseCidr(cidr).bits, set: new CidrSet([cidr]), value }))
      .sort((a, b) => b.bits - a.bits);
  }

  get(address: string): V | undefined {
    return this.ranges.find(({ set }) => set.has(address))?.value;
  }
}
