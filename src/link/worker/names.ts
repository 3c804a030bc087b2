/** Names as istiod makes them. */

export interface OutboundName {
  readonly port: number;
  readonly subset: string;
  readonly host: string;
}

/** Reads `outbound|<port>|<subset>|<host>`; undefined for every other name. */
export function parseOutbound(cluster: string): OutboundName | undefined {
  if (!cluster.startsWith('outbound|')) return undefined;
  const parts = cluster.split('|');
  const port = Number(parts[1]);
  const host = parts[3];
  if (parts.length !== 4 || !Number.isInteger(port) || port < 1 || port > 65535 || !host) return undefined;
  return { port, subset: parts[2]!, host };
}

/**
 * The full names a host may stand for, in the order they are tried: itself, then as a short name in the node's
 * domain (`reviews`, `reviews.shop`, `reviews.shop.svc` in `shop.svc.cluster.local`), then wildcards, longest first.
 */
export function fullNames(host: string, domain: string): string[] {
  const names = [host];
  const labels = domain.split('.');
  const depth = host.split('.').length;
  if (depth === 1) names.push(`${host}.${domain}`);
  else if (depth <= 3) {
    const known = labels.slice(0, depth - 1);
    const rest = labels.slice(depth - 1);
    // `reviews.shop` says the namespace itself; of `reviews.shop.svc` the `svc` must be the domain's.
    if (depth === 2 || host.endsWith(`.${known[depth - 2]}`)) names.push(`${host}.${rest.join('.')}`);
  }
  for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) {
    names.push(`*${host.slice(dot)}`);
  }
  return names;
}

/** `[::1]` and `::1` are one host. */
export function bareHost(host: string): string {
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
}
