/** One instance of a registry as a member of a mesh service, or the reason why it is none. */

import { isAddress, isHostName, isPort } from '../check';
import type { RegistryInstance, RegistryService } from '../model';
import type { Findings } from './findings';
import { sortedRecord } from './label-values';
import { labelsOf } from './labels';
import { type Claim, claimed, refuseClaims, text } from './metadata';
import { localityOf, networkOf, tlsModeOf } from './placement';
import { type Protocol, parseProtocol } from './protocol';
import type { ServiceRules, SourceRules } from './rules';
import { selects } from './selectors';

/** What a service takes of one registered instance. */
export interface Member {
  readonly id: string;
  readonly address: string;
  readonly isName: boolean;
  /** Protocol → port; the first is the instance's own. */
  readonly ports: ReadonlyMap<Protocol, number>;
  /** As registered, > 0. */
  readonly weight: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly locality: string;
  readonly network: string;
  readonly serviceAccount: string;
  /** Namespace of the ServiceEntry that it asks for, or ''. */
  readonly namespace: string;
  /** Values of the metadata that `hostTemplate` names, in the order of the keys. */
  readonly names: readonly string[];
}

export interface Conversion {
  readonly source: SourceRules;
  readonly service: RegistryService;
  readonly rules: ServiceRules;
  readonly app: string;
  readonly findings: Findings;
  /** Instances of a service mostly have the same labels: one object for all of them. */
  readonly labels: Map<string, Readonly<Record<string, string>>>;
}

/** Registered, healthy, enabled, with a weight: what could be served at all. */
export function isServable({ healthy, enabled, weight, metadata }: RegistryInstance): boolean {
  return healthy && enabled && !(weight <= 0) && text(metadata, 'disabled') !== 'true';
}

const NO_NAMES: readonly string[] = [];

/** Findings say why an instance is not served, unless that is the registry's or the operator's own will. */
export function convertInstance(conversion: Conversion, instance: RegistryInstance): Member | undefined {
  const { source, service, rules, findings } = conversion;
  const { id, address, metadata } = instance;
  if (!isServable(instance)) return undefined;
  // What the mesh itself registered does not come back.
  if (text(metadata, 'inmesh.origin') !== '') return undefined;
  if (rules.abnormal.some((list) => list.has(instance)) || !selects(source.selectors, service, instance))
    return undefined;
  if (!Number.isFinite(instance.weight)) {
    findings.ofInstance('bad-weight', id, `its weight ${instance.weight} is no number`);
    return undefined;
  }
  const isName = !isAddress(address);
  if (isName ? !isHostName(address) : isUnusable(address)) {
    const what = isName ? 'neither an IP address nor a DNS name' : 'no address that can be called';
    findings.ofInstance(
      isName ? 'bad-address' : 'address-unusable',
      id,
      `its address \`${address}\` is ${what}`,
    );
    return undefined;
  }
  const ports = portsOf(conversion, instance);
  if (!ports) return undefined;
  const tlsMode = tlsModeOf(instance, source);
  if (!tlsMode) return undefined;
  refuseClaims(instance, source, findings);
  return {
    id,
    address,
    isName,
    ports,
    weight: instance.weight,
    labels: sharedLabels(conversion, instance, tlsMode),
    locality: localityOf(instance, source),
    network: networkOf(instance, source),
    serviceAccount: nameClaimed('serviceAccount', conversion, instance),
    namespace: nameClaimed('namespace', conversion, instance),
    names: source.nameKeys.length === 0 ? NO_NAMES : source.nameKeys.map((key) => text(metadata, key)),
  };
}

function sharedLabels(
  conversion: Conversion,
  instance: RegistryInstance,
  tlsMode: string,
): Readonly<Record<string, string>> {
  const labels = labelsOf(conversion, instance);
  labels.set('security.istio.io/tlsMode', tlsMode);
  const record = sortedRecord(labels);
  const key = JSON.stringify(record);
  const known = conversion.labels.get(key);
  if (known) return known;
  conversion.labels.set(key, record);
  return record;
}

/** A Kubernetes name that a trusted instance claims, or ''. */
function nameClaimed(
  claim: Claim,
  { source, findings }: Conversion,
  { id, metadata }: RegistryInstance,
): string {
  const found = claimed(claim, metadata, source);
  if (!found || /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(found.value)) return found?.value ?? '';
  findings.ofInstance(
    'bad-metadata',
    id,
    `its metadata \`${found.key}\` is no name in Kubernetes: \`${found.value}\``,
  );
  return '';
}

/** Any, broadcast and multicast addresses, and those with a zone. */
function isUnusable(address: string): boolean {
  if (address.includes(':')) return /^[0:]*$/.test(address) || /^ff/i.test(address) || address.includes('%');
  const first = Number(address.slice(0, address.indexOf('.')));
  return first === 0 || (first >= 224 && first <= 239) || address === '255.255.255.255';
}

function portsOf(conversion: Conversion, instance: RegistryInstance): Map<Protocol, number> | undefined {
  const { service, rules, findings } = conversion;
  const { id, port, metadata } = instance;
  if (!isPort(port)) {
    findings.ofInstance('bad-port', id, `its port ${port} is not in 1..65535`);
    return undefined;
  }
  const ports = new Map([[rules.protocol ?? protocolOf(conversion, instance), port]]);
  if (service.kind === 'dubbo-application') addDubboEndpoints(ports, conversion, instance);
  for (const key of ['gRPC_port', 'gRPC.port']) {
    const grpc = text(metadata, key);
    if (grpc === '' || ports.has('grpc')) continue;
    if (/^\d+$/.test(grpc) && isPort(Number(grpc))) ports.set('grpc', Number(grpc));
    else findings.ofInstance('bad-port', id, `its metadata \`${key}\` is no port: \`${grpc}\``);
  }
  return ports;
}

function protocolOf(
  { source, service, findings }: Conversion,
  { id, protocol, metadata }: RegistryInstance,
): Protocol {
  const said = protocol || text(metadata, 'protocol');
  if (said !== '') {
    const known = parseProtocol(said);
    if (known) return known;
    findings.ofInstance('unknown-protocol', id, `its protocol \`${said}\` is not known; it is served as TCP`);
    return 'tcp';
  }
  if (text(metadata, 'secure').toLowerCase() === 'true') return 'https';
  return service.kind === 'service' ? source.config.defaultProtocol : 'dubbo';
}

/** An application's instance lists all its ports in its metadata. */
function addDubboEndpoints(
  ports: Map<Protocol, number>,
  { findings }: Conversion,
  instance: RegistryInstance,
): void {
  const listed = text(instance.metadata, 'dubbo.endpoints');
  if (listed === '') return;
  const endpoints = parseEndpoints(listed);
  if (!endpoints) {
    findings.ofInstance(
      'bad-metadata',
      instance.id,
      'its metadata `dubbo.endpoints` is no list of ports and protocols',
    );
    return;
  }
  const own = endpoints.find(({ port }) => port === instance.port);
  if (own && instance.protocol === undefined) {
    ports.clear();
    ports.set(parseProtocol(own.protocol) ?? 'tcp', own.port);
  }
  for (const { port, protocol } of endpoints) {
    const known = parseProtocol(protocol) ?? 'tcp';
    if (!ports.has(known) && isPort(port)) ports.set(known, port);
  }
}

function parseEndpoints(json: string): { port: number; protocol: string }[] | undefined {
  try {
    const value: unknown = JSON.parse(json);
    if (!Array.isArray(value)) return undefined;
    return value.filter(
      (each) =>
        typeof each === 'object' && each !== null && typeof each.protocol === 'string' && isPort(each.port),
    );
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
