/** Host names and resource names from names in any script, always valid, always the same. */

import { createHash } from 'node:crypto';
import { domainToASCII } from 'node:url';

const LABEL_LENGTH = 63;
/** RFC 1035's; Istio allows 255. */
const HOST_LENGTH = 253;
const HASH_LENGTH = 6;

/** The first characters of a hash in hex. */
export function shortHash(text: string, length = HASH_LENGTH): string {
  return createHash('sha256').update(text).digest('hex').slice(0, length);
}

export interface Naming {
  /** Keep upper case (nacos-istio's way). */
  readonly keepCase: boolean;
}

/** Fills `{part}`s; a label of the template that ends up empty vanishes. Gives a valid host name. */
export function hostFromTemplate(
  template: string,
  parts: Readonly<Record<string, string>>,
  naming: Naming,
): string {
  const filled = template.replace(/\{([^}]+)\}/g, (_all, name: string) => parts[name] ?? '');
  return hostName(filled, naming);
}

/** A part of a template that is an instance's own: `{metadata:KEY}`. */
const METADATA = 'metadata:';

/** The metadata that a template names, each once. */
export function metadataKeysOf(template: string): string[] {
  const parts = [...template.matchAll(/\{([^}]+)\}/g)].map(([, part]) => part!);
  return [...new Set(parts.filter(isMetadataPart).map((part) => part.slice(METADATA.length)))];
}

export function isMetadataPart(part: string): boolean {
  return part.startsWith(METADATA) && part.length > METADATA.length;
}

/** The nearest valid host name: other scripts as in IDNA, what else is not allowed as `-`, too long ones with a hash. */
export function hostName(text: string, { keepCase }: Naming): string {
  const cased = keepCase ? text : text.toLowerCase();
  const labels = cased
    .split('.')
    .map(label)
    .filter((each) => each !== '');
  if (labels.length === 0) return `unnamed-${shortHash(text)}`;
  const last = labels.length - 1;
  if (/^\d+$/.test(labels[last]!)) labels[last] = `n-${labels[last]!}`.slice(0, LABEL_LENGTH);
  const host = labels.join('.');
  return host.length <= HOST_LENGTH ? host : `${cut(host.slice(0, 40))}-${shortHash(text)}.${labels[last]}`;
}

/** Sanitised for use inside one label: dots too become `-`. */
export function inOneLabel(text: string): string {
  return text.replaceAll('.', '-');
}

function label(text: string): string {
  const plain = text.replace(/[^a-zA-Z0-9\u0080-\u{10ffff}-]/gu, '-');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: everything outside ASCII is meant.
  const ascii = /^[\x00-\x7f]*$/.test(plain) ? plain : toAscii(plain);
  const trimmed = ascii.replace(/^-+|-+$/g, '');
  if (trimmed === '' && text !== '') return `x${shortHash(text)}`;
  return trimmed.length <= LABEL_LENGTH ? trimmed : withHash(trimmed, shortHash(text));
}

/** Punycode, as every HTTP client makes of such a name in a URL; a hash where that cannot be. */
function toAscii(text: string): string {
  const ascii = domainToASCII(text.toLowerCase()).replace(/[^a-zA-Z0-9-]/g, '-');
  return ascii || `x${shortHash(text)}`;
}

/** Cuts dashes and dots that a cut left at the end. */
function cut(text: string): string {
  return text.replace(/[-.]+$/, '').replaceAll('.', '-');
}

function withHash(text: string, hash: string): string {
  return `${text.slice(0, LABEL_LENGTH - 1 - hash.length).replace(/-+$/, '')}-${hash}`;
}

/** The host of one who came second: `-<hash>` on its first label. */
export function withSuffix(host: string, hash: string): string {
  const dot = host.indexOf('.');
  const first = dot === -1 ? host : host.slice(0, dot);
  const short = `${first}-${hash}`.length <= LABEL_LENGTH ? `${first}-${hash}` : withHash(first, hash);
  const suffixed = dot === -1 ? short : short + host.slice(dot);
  return suffixed.length <= HOST_LENGTH ? suffixed : short;
}

/** `<first>.<host>`, shortened if it must be. */
export function under(first: string, host: string): string {
  return hostName(`${first}.${host}`, { keepCase: true });
}

/** A Kubernetes name for a host's resource: a readable slug and the hash that makes it unique. */
export function resourceName(host: string): string {
  const slug = host
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, LABEL_LENGTH - 9)
    .replace(/^-+|-+$/g, '');
  return `${slug || 'x'}-${shortHash(host, 8)}`;
}
