/**
 * Opens a route configuration without decoding its routes: ten thousand virtual hosts are 4.6 MB, and a process
 * uses a handful of them. `decodeVirtualHost` reads one.
 */

import { NameTable } from '../model';
import { type Decoded, decodeSafely, Findings } from './decoded';
import { decodeMessage, pb } from './pb';
import { reportUnsupported } from './unsupported-fields';
import { WIRE_BYTES, WireReader } from './wire';

export class ClosedVirtualHost {
  constructor(
    readonly name: string,
    /** For `decodeVirtualHost`; shares memory with the route configuration's bytes. */
    readonly bytes: Uint8Array,
  ) {}

  /** Lower case, as Envoy compares them. Read from the bytes each time: kept, they are more than all else. */
  get domains(): string[] {
    return virtualHostDomains(this.bytes);
  }
}

export interface OpenRouteConfiguration {
  readonly name: string;
  readonly ignorePortInHostMatching: boolean;
  readonly virtualHosts: readonly ClosedVirtualHost[];
}

const NAME = 1;
const VIRTUAL_HOSTS = 2;
const DOMAINS = 2;

/** Never throws. Refuses what Envoy refuses: a domain twice, a virtual host without name or domains. */
export function openRouteConfiguration(bytes: Uint8Array): Decoded<OpenRouteConfiguration> {
  return decodeSafely(new Findings('RouteConfiguration', ''), (findings) => {
    const virtualHosts: ClosedVirtualHost[] = [];
    const others: Uint8Array[] = [];
    const reader = new WireReader(bytes);
    while (reader.next()) {
      if (reader.fieldNumber === VIRTUAL_HOSTS && reader.wireType === WIRE_BYTES) {
        virtualHosts.push(openVirtualHost(reader.content()));
      } else {
        if (reader.fieldNumber === NAME && reader.wireType === WIRE_BYTES) findings.resource = reader.text();
        others.push(bytes.subarray(reader.fieldStart, reader.contentEnd));
      }
    }
    const head = decodeMessage(pb.envoy.config.route.v3.RouteConfiguration, Buffer.concat(others));
    reportUnsupported(findings, 'RouteConfiguration', head, '');
    checkVirtualHosts(findings, virtualHosts);
    return { name: head.name, ignorePortInHostMatching: head.ignorePortInHostMatching, virtualHosts };
  });
}

function openVirtualHost(bytes: Uint8Array): ClosedVirtualHost {
  let name = '';
  const reader = new WireReader(bytes);
  while (reader.next())
    if (reader.fieldNumber === NAME && reader.wireType === WIRE_BYTES) name = reader.text();
  return new ClosedVirtualHost(name, bytes);
}

/**
 * The domains of a virtual host's bytes, lower case.
 * @throws {WireError} on malformed bytes
 */
export function virtualHostDomains(bytes: Uint8Array): string[] {
  const domains: string[] = [];
  const reader = new WireReader(bytes);
  while (reader.next())
    if (reader.fieldNumber === DOMAINS && reader.wireType === WIRE_BYTES)
      domains.push(reader.text().toLowerCase());
  return domains;
}

function checkVirtualHosts(findings: Findings, virtualHosts: readonly ClosedVirtualHost[]): void {
  const taken = new NameTable();
  for (const [index, { name, domains }] of virtualHosts.entries()) {
    const wrong = (problem: string) => findings.invalid(`virtual_hosts[${index}].domains`, problem);
    if (name === '') findings.invalid(`virtual_hosts[${index}].name`, 'is empty');
    if (domains.length === 0) wrong('is empty');
    for (const [position, domain] of domains.entries()) {
      const has = (other: number) =>
        other === index ? domains.indexOf(domain) < position : virtualHosts[other]!.domains.includes(domain);
      if (domain === '') wrong('has an empty domain');
      else if (taken.find(domain, has) !== undefined) wrong(`has "${domain}", which is taken`);
      taken.add(domain, index);
    }
  }
}
