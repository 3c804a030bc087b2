/**
 * ValidateServiceEntry, before sending: istiod acknowledges what it refuses and only logs it, and one bad endpoint
 * takes its whole ServiceEntry along. So what would be refused is left out here, the smallest part of it, and said.
 */
import type { ServedEndpoint, ServedEntry } from '../model';
import {
  exportToProblem,
  isAddress,
  isDnsLabel,
  isHostName,
  isLabelKey,
  isLabelValue,
  isPort,
  isProtocol,
} from './rules';

/** What is wrong, where, as one sentence; `code` is stable. */
export interface Problem {
  readonly code: string;
  readonly reason: string;
  /** Index in the entry's endpoints; absent: the entry as a whole is refused. */
  readonly endpoint?: number;
}

export interface Checked {
  /** The entry itself when nothing is wrong with it; without its bad endpoints otherwise; undefined: refused. */
  readonly entry: ServedEntry | undefined;
  readonly problems: readonly Problem[];
}

const WEIGHT_MAX = 0xffff_ffff;

/** What of an entry istiod takes. Never throws. */
export function checkEntry(entry: ServedEntry): Checked {
  const refused = entryProblem(entry);
  if (refused) return { entry: undefined, problems: [refused] };
  const names = new Set(entry.ports.map((port) => port.name));
  const problems: Problem[] = [];
  const endpoints = entry.endpoints.filter((endpoint, index) => {
    const found = endpointProblem(endpoint, entry, names);
    if (found) problems.push({ ...found, endpoint: index });
    return !found;
  });
  if (problems.length === 0) return { entry, problems };
  // A DNS entry without endpoints would resolve its own host.
  const resolution = endpoints.length === 0 ? 'STATIC' : entry.resolution;
  return { entry: { ...entry, endpoints, resolution }, problems };
}

function entryProblem(entry: ServedEntry): Problem | undefined {
  const { host, namespace, name } = entry;
  if (!isHostName(host)) return { code: 'bad-host', reason: `\`${host}\` is no DNS name` };
  if (!isDnsLabel(namespace))
    return { code: 'bad-namespace', reason: `\`${namespace}\` is no namespace (a DNS label is needed)` };
  if (!/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(name) || name.length > 253)
    return { code: 'bad-name', reason: `\`${name}\` is no resource name` };
  const address = entry.addresses.find((each) => !isAddress(each));
  if (address !== undefined) return { code: 'bad-vip', reason: `the VIP \`${address}\` is no IP address` };
  const exported = exportToProblem(entry.exportTo, namespace);
  if (exported !== undefined) return { code: 'bad-export-to', reason: exported };
  const label = labelProblem(entry.labels);
  if (label !== undefined) return { code: 'bad-label', reason: label };
  return portsProblem(entry);
}

function portsProblem({ ports }: ServedEntry): Problem | undefined {
  const names = new Set<string>();
  const numbers = new Set<number>();
  for (const { name, number, protocol } of ports) {
    if (!isDnsLabel(name)) return { code: 'bad-port-name', reason: `\`${name}\` is no name of a port` };
    if (!isPort(number))
      return { code: 'bad-port', reason: `the port ${number} of \`${name}\` is not in 1..65535` };
    if (!isProtocol(protocol))
      return {
        code: 'bad-protocol',
        reason: `the protocol \`${protocol}\` of \`${name}\` is not one of Istio's`,
      };
    if (names.has(name)) return { code: 'port-twice', reason: `two ports are named \`${name}\`` };
    if (numbers.has(number)) return { code: 'port-twice', reason: `the port ${number} is there twice` };
    names.add(name);
    numbers.add(number);
  }
  return undefined;
}

function endpointProblem(
  endpoint: ServedEndpoint,
  { resolution }: ServedEntry,
  names: ReadonlySet<string>,
): Problem | undefined {
  const { address, ports, labels, weight } = endpoint;
  if (!isAddress(address) && (resolution === 'STATIC' || !isHostName(address))) {
    const needed = resolution === 'STATIC' ? 'an IP address' : 'an IP address or a DNS name';
    return { code: 'address-not-ip', reason: `the address \`${address}\` is not ${needed}` };
  }
  for (const [name, port] of Object.entries(ports)) {
    if (!names.has(name))
      return { code: 'unknown-port', reason: `its port \`${name}\` is none of the service's` };
    if (!isPort(port)) return { code: 'bad-port', reason: `its port ${port} is not in 1..65535` };
  }
  for (const name of names) {
    // istiod would take the service port's own number, where nobody listens.
    if (!Object.hasOwn(ports, name))
      return { code: 'port-missing', reason: `it has no port for the service's \`${name}\`` };
  }
  const label = labelProblem(labels);
  if (label !== undefined) return { code: 'bad-label', reason: label };
  if (!Number.isInteger(weight) || weight < 1 || weight > WEIGHT_MAX)
    return { code: 'bad-weight', reason: `its weight ${weight} is not in 1..${WEIGHT_MAX}` };
  return undefined;
}

function labelProblem(labels: Readonly<Record<string, string>>): string | undefined {
  for (const key in labels) {
    if (!isLabelKey(key)) return `\`${key}\` is no key of a label`;
    if (!isLabelValue(labels[key]!)) return `\`${labels[key]}\` is no value of a label (\`${key}\`)`;
  }
  return undefined;
}
