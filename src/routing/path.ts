/**
 * Envoy's `normalize_path` as measured: dot segments are resolved (also when written `%2e`), escapes of unreserved
 * characters are decoded, a backslash is a slash; `//`, `%2f` and all other escapes stay; the query is untouched.
 */

const MAY_NEED_WORK = /\/\.|%|\\/;
const UNRESERVED = /^[A-Za-z0-9\-._~]$/;

/** Path with query in, the same out, normalised. What is not origin-form (`*`, an authority) is left alone. */
export function normalizePath(target: string): string {
  if (!MAY_NEED_WORK.test(target) || target.charCodeAt(0) !== 47 /* / */) return target;
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  const normal = removeDotSegments(decodeUnreserved(path).replace(/\\/g, '/'));
  return mark < 0 ? normal : normal + target.slice(mark);
}

function decodeUnreserved(path: string): string {
  if (path.indexOf('%') < 0) return path;
  return path.replace(/%([0-9A-Fa-f]{2})/g, (encoded, hex: string) => {
    const char = String.fromCharCode(Number.parseInt(hex, 16));
    return UNRESERVED.test(char) ? char : encoded;
  });
}

function removeDotSegments(path: string): string {
  if (path.indexOf('/.') < 0) return path;
  const kept: string[] = [];
  const segments = path.split('/');
  const last = segments.length - 1;
  for (let i = 1; i <= last; i++) {
    const segment = segments[i] as string;
    if (segment === '.' || segment === '..') {
      if (segment === '..') kept.pop();
      if (i === last) kept.push('');
    } else {
      kept.push(segment);
    }
  }
  return `/${kept.join('/')}`;
}

/** The parts of an absolute-form target (`http://host:1/path`), or undefined for every other form. */
export function splitAbsoluteForm(target: string): { authority: string; target: string } | undefined {
  if (target.charCodeAt(0) === 47 /* / */) return undefined;
  const found = /^https?:\/\/([^/?#]+)(.*)$/is.exec(target);
  if (found === null) return undefined;
  const rest = found[2] as string;
  return { authority: found[1] as string, target: rest.startsWith('/') ? rest : `/${rest}` };
}
