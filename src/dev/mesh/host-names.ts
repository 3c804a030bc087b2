/** Host names as istiod compares them. */

/** The mesh's domain suffix; istiod's default. */
const DOMAIN_SUFFIX = 'cluster.local';

/** A name without dots is a service of the object's own namespace. */
export function toFqdn(host: string, namespace: string): string {
  return host.includes('.') || host.startsWith('*') ? host : `${host}.${namespace}.svc.${DOMAIN_SUFFIX}`;
}

export function isWildcard(host: string): boolean {
  return host.startsWith('*');
}

/** Do the two names have a host in common? Either may be a wildcard. */
export function hostsMatch(a: string, b: string): boolean {
  if (isWildcard(a) && isWildcard(b)) {
    return a.length < b.length ? b.endsWith(a.slice(1)) : a.endsWith(b.slice(1));
  }
  if (isWildcard(a)) return b.endsWith(a.slice(1));
  if (isWildcard(b)) return a.endsWith(b.slice(1));
  return a === b;
}

/** Is every host of `inner` one of `outer`? */
export function hostSubsetOf(inner: string, outer: string): boolean {
  if (!isWildcard(outer)) return inner === outer;
  return (
    inner.length >= outer.length - (isWildcard(inner) ? 0 : 1) &&
    inner.slice(isWildcard(inner) ? 1 : 0).endsWith(outer.slice(1))
  );
}

/** Of the keys that cover `host`, the most specific one: itself, else the longest wildcard. */
export function mostSpecific(host: string, keys: Iterable<string>): string | undefined {
  const needle = isWildcard(host) ? host.slice(1) : host;
  let best: string | undefined;
  for (const key of keys) {
    if (key === host) return key;
    if (
      isWildcard(key) &&
      needle.endsWith(key.slice(1)) &&
      (best === undefined || key.length > best.length)
    ) {
      best = key;
    }
  }
  return best;
}
