/** Host names as Envoy compares them to virtual host domains: lower case, without port and trailing dot. */

/** `Reviews.Shop.:8080` is `reviews.shop`; `[::1]:80` is `::1`. */
export function hostOfAuthority(authority: string): string {
  let host = authority;
  if (host.charCodeAt(0) === 91 /* [ */) {
    const close = host.indexOf(']');
    return (close < 0 ? host.slice(1) : host.slice(1, close)).toLowerCase();
  }
  const colon = host.lastIndexOf(':');
  if (colon >= 0 && host.indexOf(':') === colon) host = host.slice(0, colon);
  return canonicalHost(host);
}

/** A host name without port: lower case, no trailing dot, no brackets. */
export function canonicalHost(host: string): string {
  let name = host.toLowerCase();
  if (name.charCodeAt(0) === 91 /* [ */ && name.endsWith(']')) name = name.slice(1, -1);
  return name.length > 1 && name.endsWith('.') ? name.slice(0, -1) : name;
}
