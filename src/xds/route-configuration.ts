/**
 * Opens a route configuration without decoding its routes: ten thousand virtual hosts are 4.6 MB, and a process
 * uses a handful of them. `decodeVirtualHost` reads one.
 */

import { type Decoded, decodeSafely, Findings } from './decoded';
import { decodeMessage, pb } from './pb';
import { reportUnsupported } from './unsupported-fields';
import { WIRE_BYTES, WireReader } from './wire';

export interface ClosedVirtualHost {
  readonly name: string;
  /** Lower case, as Envoy compares them. */
  readonly domains: readonly string[];
  /** For `decodeVirtualHost`; shares memory with the route configuration's bytes. */
  readonly bytes: Uint8Array;
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
        virtualHosts.push(openVirtualHost(bytes, reader.contentStart, reader.contentEnd));
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

function openVirtualHost(bytes: Uint8Array, start: number, end: number): ClosedVirtualHost {
  let name = '';
  const domains: string[] = [];
  const reader = new WireReader(bytes, start, end);
  while (reader.next()) {
    if (reader.wireType !== WIRE_BYTES) continue;
    if (reader.fieldNumber === NAME) name = reader.text();
    else if (reader.fieldNumber === DOMAINS) domains.push(reader.text().toLowerCase());
  }
  return { name, domains, bytes: bytes.subarray(start, end) };
}

function checkVirtualHosts(findings: Findings, virtualHosts: readonly ClosedVirtualHost[]): void {
  const seen = new Set<string>();
  virtualHosts.forEach((virtualHost, index) => {
    if (virtualHost.name === '') findings.invalid(`virtual_hosts[${index}].name`, 'is empty');
    if (virtualHost.domains.length === 0) findings.invalid(`virtual_hosts[${index}].domains`, 'is empty');
    for (const domain of virtualHost.domains) {
      if (domain === '') findings.invalid(`virtual_hosts[${index}].domains`, 'has an empty domain');
      else if (seen.has(domain))
        findings.invalid(`virtual_hosts[${index}].domains`, `has "${domain}", which is taken`);
      seen.add(domain);
    }
  });
}
