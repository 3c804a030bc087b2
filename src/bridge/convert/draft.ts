/** A ServiceEntry but for its host and VIP, from the members that it serves. */

import type { ServedEndpoint, ServedPort } from '../model';
import type { HostClaim, Part } from './claims';
import type { Member } from './instance';
import { sortedRecord } from './label-values';
import type { Group } from './level';
import { PROTOCOLS, type Protocol, servicePorts } from './protocol';
import { wholeWeights } from './weights';

const MOST_INSTANCE_PORTS = 8;

/** The resource is settled once the claim has its host. */
export interface Draft {
  readonly claim: HostClaim;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly location: 'MESH_INTERNAL' | 'MESH_EXTERNAL';
  readonly ports: readonly ServedPort[];
  readonly resolution: 'STATIC' | 'DNS';
  readonly exportTo: readonly string[];
  /** Never empty. */
  readonly endpoints: readonly ServedEndpoint[];
  readonly from: readonly string[];
}

/** A member and the part it came with. */
export interface Placed {
  readonly part: Part;
  readonly member: Member;
}

/** Ports of the entry, each with the protocol whose port of a member it maps. */
interface Layout {
  readonly ports: readonly ServedPort[];
  readonly protocols: readonly Protocol[];
}

/** One entry over members that all speak the given protocols. Undefined when none of them can be served. */
export function draftOf(
  group: Group,
  claim: HostClaim,
  protocols: readonly Protocol[],
  placed: readonly Placed[],
  parts: readonly Part[],
): Draft | undefined {
  const usable = reachable(distinct(group, protocols[0]!, placed));
  if (usable.length === 0) return undefined;
  const first = parts[0]!;
  const layout = layoutOf(group, first, protocols, usable);
  const weights = wholeWeights(usable.map(({ member }) => member.weight));
  const endpoints = usable.map(({ member }, index) => endpointOf(member, layout, weights[index]!));
  return {
    claim,
    namespace: namespaceOf(group, first, usable),
    labels: labelsOfEntry(first, usable),
    annotations: first.rules.annotations,
    location: first.rules.external ? 'MESH_EXTERNAL' : 'MESH_INTERNAL',
    ports: layout.ports,
    resolution: usable[0]!.member.isName ? 'DNS' : 'STATIC',
    exportTo: first.rules.exportTo,
    endpoints: sortedEndpoints(endpoints),
    from: [...new Set(parts.map(({ source, service }) => `${source.name}/${service.key}`))].sort(),
  };
}

/** Those of the settings, and those in which all instances agree. */
function labelsOfEntry({ source, rules, findings }: Part, placed: readonly Placed[]): Draft['labels'] {
  const { entryLabelsFrom } = source.config;
  if (entryLabelsFrom.length === 0) return rules.labels;
  const labels = new Map(Object.entries(rules.labels));
  for (const key of entryLabelsFrom) {
    const values = new Set(
      placed.map(({ member }) => member.labels[key]).filter((value) => value !== undefined),
    );
    const [value, second] = values;
    if (second !== undefined)
      findings.ofService('label-disagrees', `its instances disagree on the label \`${key}\``);
    else if (value !== undefined) labels.set(key, value);
  }
  return sortedRecord(labels);
}

/** The same address and port once: the first part's, of one part the byte-wise first id. */
function distinct(group: Group, protocol: Protocol, placed: readonly Placed[]): Placed[] {
  const seen = new Map<string, Placed>();
  for (const each of placed) {
    const { member, part } = each;
    const at = `${member.address} ${member.ports.get(protocol)}`;
    const known = seen.get(at);
    if (!known) seen.set(at, each);
    else if (group.kind === 'service')
      part.findings.ofInstance(
        'duplicate-address',
        member.id,
        `${known.member.id} has the same address and port`,
      );
  }
  return [...seen.values()];
}

/** Names are resolved only where all are names: one entry is either STATIC or DNS. */
function reachable(placed: readonly Placed[]): Placed[] {
  if (placed.every(({ member }) => member.isName)) return [...placed];
  for (const { part, member } of placed) {
    if (!member.isName) continue;
    const reason = `its address \`${member.address}\` is a name, and other instances of the service have IP addresses`;
    part.findings.ofInstance('address-not-ip', member.id, reason);
  }
  return placed.filter(({ member }) => !member.isName);
}

function layoutOf(
  group: Group,
  { rules, findings }: Part,
  protocols: readonly Protocol[],
  placed: readonly Placed[],
): Layout {
  const own = servicePorts(protocols, rules.ports);
  const names = group.kind === 'union' ? group.union.join?.portNames : undefined;
  const ports = [...own].map(([protocol, port]) => ({ ...port, name: names?.[protocol] ?? port.name }));
  const mapped = [...own.keys()];
  if (!rules.instancePorts || group.kind === 'union') return { ports, protocols: mapped };
  const more = instancePorts(own, placed);
  if (more.length > MOST_INSTANCE_PORTS)
    findings.ofService(
      'many-ports',
      `its instances have ${more.length} ports; the first ${MOST_INSTANCE_PORTS} are service ports`,
    );
  for (const { port, protocol } of more.slice(0, MOST_INSTANCE_PORTS)) {
    ports.push(port);
    mapped.push(protocol);
  }
  return { ports, protocols: mapped };
}

/** The members' own ports as service ports, ascending, without numbers that are service ports already. */
function instancePorts(
  own: ReadonlyMap<Protocol, ServedPort>,
  placed: readonly Placed[],
): { port: ServedPort; protocol: Protocol }[] {
  const taken = new Set([...own.values()].map(({ number }) => number));
  const found = new Map<number, { port: ServedPort; protocol: Protocol }>();
  for (const protocol of PROTOCOLS) {
    const like = own.get(protocol);
    if (!like) continue;
    for (const { member } of placed) {
      const number = member.ports.get(protocol)!;
      if (taken.has(number) || found.has(number)) continue;
      found.set(number, { port: { ...like, name: `${like.name}-${number}`, number }, protocol });
    }
  }
  return [...found.values()].sort((a, b) => a.port.number - b.port.number);
}

function endpointOf(
  { address, ports, labels, locality, network, serviceAccount }: Member,
  layout: Layout,
  weight: number,
): ServedEndpoint {
  const mapped: Record<string, number> = {};
  layout.ports.forEach(({ name }, index) => {
    mapped[name] = ports.get(layout.protocols[index]!)!;
  });
  return { address, ports: mapped, labels, locality, weight, network, serviceAccount };
}

function sortedEndpoints(endpoints: ServedEndpoint[]): ServedEndpoint[] {
  const port = ({ ports }: ServedEndpoint) => Object.values(ports)[0] ?? 0;
  return endpoints.sort((a, b) =>
    a.address < b.address ? -1 : a.address > b.address ? 1 : port(a) - port(b),
  );
}

/** The Service's own for a join; else what trusted metadata, the map or the source says. */
function namespaceOf(group: Group, { source, rules }: Part, placed: readonly Placed[]): string {
  if (group.kind === 'union' && group.union.join) return group.union.join.namespace;
  const said = placed.map(({ member }) => member.namespace).filter((each) => each !== '');
  return said.sort()[0] ?? rules.resourceNamespace ?? source.config.resourceNamespace;
}
