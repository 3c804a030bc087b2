/** Istio's own rules for the parts of a ServiceEntry (pkg/config/validation, pkg/config/labels), one question each. */

import { isIP } from 'node:net';

const DNS_LABEL = /^[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?$/;
const DNS_LABEL_LENGTH = 63;
const HOST_LENGTH = 255;
const QUALIFIED_NAME = /^(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const LABEL_LENGTH = 63;
const LABEL_PREFIX_LENGTH = 253;
/** What Go's strconv.Atoi takes; a last label like that is refused. */
const ALL_NUMERIC = /^\d+$/;

/** `protocol.Parse`: in any case. Empty (guessing by content) is left out: what is served says what it is. */
const PROTOCOLS: ReadonlySet<string> = new Set([
  ...['tcp', 'udp', 'grpc', 'grpc-web', 'http', 'http_proxy', 'http2', 'https', 'tls'],
  ...['mongo', 'redis', 'mysql'],
]);

/** labels.IsDNS1123Label: upper case is allowed. Also the rule for names of ports and namespaces. */
export function isDnsLabel(text: string): boolean {
  return text.length <= DNS_LABEL_LENGTH && DNS_LABEL.test(text);
}

/** agent.ValidateFQDN, without the trailing dot that it tolerates. */
export function isHostName(host: string): boolean {
  if (host.length === 0 || host.length > HOST_LENGTH) return false;
  const parts = host.split('.');
  return !ALL_NUMERIC.test(parts[parts.length - 1]!) && parts.every(isDnsLabel);
}

/** netip.ParseAddr. */
export function isAddress(text: string): boolean {
  return isIP(text) !== 0;
}

/** agent.ValidatePort. */
export function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65_535;
}

/** ValidateProtocol. */
export function isProtocol(protocol: string): boolean {
  return PROTOCOLS.has(protocol.toLowerCase());
}

/** labels.validateTagKey: an optional DNS prefix with a slash, then a name. */
export function isLabelKey(key: string): boolean {
  const slash = key.indexOf('/');
  const name = key.slice(slash + 1);
  if (name.length > LABEL_LENGTH || !QUALIFIED_NAME.test(name)) return false;
  if (slash === -1) return true;
  // The labels of a prefix have no length of their own there.
  return slash <= LABEL_PREFIX_LENGTH && key.slice(0, slash).split('.').every(isPrefixLabel);
}

function isPrefixLabel(text: string): boolean {
  return DNS_LABEL.test(text);
}

/** labels.Instance.Validate, and Kubernetes' limit of 63 characters, which Istio leaves to Kubernetes. */
export function isLabelValue(value: string): boolean {
  return value === '' || (value.length <= LABEL_LENGTH && QUALIFIED_NAME.test(value));
}

/** validateExportTo, with `namespace` the entry's own. Gives what is wrong, or undefined. */
export function exportToProblem(exportTo: readonly string[], namespace: string): string | undefined {
  const seen = new Set<string>();
  for (const each of exportTo) {
    const key = each === '.' ? namespace : each;
    if (seen.has(key)) return `exportTo names \`${each}\` twice`;
    seen.add(key);
    if (each !== '*' && each !== '~' && each !== '.' && !isDnsLabel(each))
      return `exportTo names \`${each}\`, which is no namespace`;
  }
  const alone = exportTo.find((each) => each === '*' || each === '~');
  return alone !== undefined && exportTo.length > 1
    ? `exportTo has \`${alone}\` beside other namespaces`
    : undefined;
}
