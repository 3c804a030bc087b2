/** `match.address` of a rule: it is compared with a provider's host, without the port. */

import { BlockList, isIP } from 'node:net';

export type AddressMatch = (address: string) => boolean;

/** Reads `{wildcard}`, `{cidr}` or `{exact}`. A string is the reason why it is none of them. */
export function readAddressMatch(value: unknown): AddressMatch | string {
  if (typeof value !== 'object' || value === null) return 'its `match.address` is not an object';
  const { wildcard, cidr, exact } = value as Record<string, unknown>;
  if (typeof exact === 'string') return (address) => address === exact;
  if (typeof wildcard === 'string') return wildcardMatch(wildcard);
  if (typeof cidr === 'string') return cidrMatch(cidr);
  return 'its `match.address` has none of wildcard, cidr, exact';
}

/** `*` or 0.0.0.0 is anything; `10.0.*.*` and `10.0.0.1-20` work part by part (NetUtils.matchIpRange). A port matches nothing but itself: hosts have none. */
function wildcardMatch(pattern: string): AddressMatch {
  if (/^(\*|\*\.\*\.\*\.\*|0\.0\.0\.0|anyhost)$/.test(pattern)) return () => true;
  const parts = pattern.split('.');
  return (address) => {
    if (address === pattern) return true;
    const own = address.split('.');
    return (
      parts.length === 4 && own.length === 4 && own.every((part, index) => partMatches(parts[index]!, part))
    );
  };
}

function partMatches(pattern: string, part: string): boolean {
  if (pattern === '*') return true;
  const range = /^(\d+)-(\d+)$/.exec(pattern);
  return range ? Number(part) >= Number(range[1]) && Number(part) <= Number(range[2]) : pattern === part;
}

function cidrMatch(cidr: string): AddressMatch | string {
  const [network = '', length = ''] = cidr.split('/');
  const family = isIP(network);
  const bits = Number(length);
  if (family === 0 || !/^\d+$/.test(length) || bits > (family === 4 ? 32 : 128))
    return `its \`match.address.cidr\` \`${cidr.slice(0, 60)}\` is no CIDR`;
  const list = new BlockList();
  list.addSubnet(network, bits, family === 4 ? 'ipv4' : 'ipv6');
  return (address) => {
    const own = isIP(address);
    return own !== 0 && list.check(address, own === 4 ? 'ipv4' : 'ipv6');
  };
}
