/** Istio's rules for ServiceEntries and WorkloadEntries. */

import { isIP } from 'node:net';
import type { WorkloadEntry } from '../api';
import { parseProtocol } from '../mesh/protocol';
import { type Check, checkExportTo, isHostName } from './context';

type Entry = Check<'ServiceEntry'>;

export function checkServiceEntry(check: Entry): void {
  const { spec } = check;
  checkExportTo(check, spec.exportTo);
  if (spec.hosts.length === 0) check.error(spec, 'hosts', 'there are no hosts', 'name at least one');
  spec.hosts.forEach((host, index) => {
    if (!isHostName(host) || host === '*') {
      check.error(spec.hosts, index, `\`${host}\` is no host name`, 'write a DNS name or *.suffix');
    }
  });
  if (spec.workloadSelector && spec.endpoints?.length) {
    check.error(
      spec,
      'workloadSelector',
      '`endpoints` and `workloadSelector` exclude each other',
      'keep one of them',
    );
  }
  checkPorts(check);
  checkAddresses(check);
  checkResolution(check);
  for (const each of spec.endpoints ?? []) checkEndpointPorts(check, each);
}

function checkPorts(check: Entry): void {
  const { spec } = check;
  const names = new Set<string>();
  const numbers = new Set<number>();
  if (!spec.ports?.length)
    check.warning(spec, undefined, 'there are no ports', 'add `ports`, or nothing can be called');
  for (const port of spec.ports ?? []) {
    if (names.has(port.name))
      check.error(port, 'name', `two ports are named \`${port.name}\``, 'give each port a name of its own');
    if (numbers.has(port.number))
      check.error(port, 'number', `the port ${port.number} is there twice`, 'remove one of them');
    names.add(port.name);
    numbers.add(port.number);
    if (port.protocol && parseProtocol(port.protocol) === 'UNSUPPORTED') {
      const advice = 'use HTTP, HTTP2, GRPC, HTTPS, TLS, TCP, or leave it out';
      check.error(port, 'protocol', `\`${port.protocol}\` is no protocol`, advice);
    }
  }
}

function checkAddresses(check: Entry): void {
  const { spec } = check;
  (spec.addresses ?? []).forEach((address, index) => {
    const [ip = '', bits] = address.split('/');
    const wide = isIP(ip) === 4 ? 32 : 128;
    if (isIP(ip) === 0 || (bits !== undefined && !(/^\d+$/.test(bits) && Number(bits) <= wide))) {
      check.error(spec.addresses!, index, `\`${address}\` is no IP address`, 'write an IP or a CIDR');
    } else if (
      bits !== undefined &&
      Number(bits) < wide &&
      !['NONE', 'STATIC'].includes(spec.resolution ?? 'NONE')
    ) {
      check.error(
        spec.addresses!,
        index,
        'a range of addresses needs resolution NONE or STATIC',
        'write single addresses',
      );
    }
  });
}

function checkResolution(check: Entry): void {
  const { spec } = check;
  const endpoints = spec.endpoints ?? [];
  switch (spec.resolution ?? 'NONE') {
    case 'NONE':
      if (endpoints.length > 0) {
        check.error(
          spec,
          'endpoints',
          'resolution NONE has no endpoints',
          'use `resolution: STATIC` (or DNS)',
        );
      }
      return;
    case 'STATIC':
      for (const each of endpoints) {
        const address = each.address ?? '';
        if (isIP(address) === 0 && !address.startsWith('unix://') && !(address === '' && each.network)) {
          const what = address === '' ? 'an endpoint has no address' : `\`${address}\` is no IP address`;
          check.error(each, 'address', what, 'STATIC needs IPs; for host names use `resolution: DNS`');
        }
      }
      return;
    case 'DYNAMIC_DNS':
      check.warning(spec, 'resolution', 'DYNAMIC_DNS is not served here', 'its hosts get no clusters');
      return;
    default:
      checkDns(check);
  }
}

function checkDns(check: Entry): void {
  const { spec } = check;
  const endpoints = spec.endpoints ?? [];
  if (endpoints.length === 0 && !spec.workloadSelector && spec.hosts.some((host) => host.startsWith('*'))) {
    check.error(spec, 'hosts', 'a wildcard cannot be resolved', 'add `endpoints`, or use `resolution: NONE`');
  }
  if (spec.resolution === 'DNS_ROUND_ROBIN' && endpoints.length > 1) {
    check.error(
      spec,
      'endpoints',
      'DNS_ROUND_ROBIN has more than one endpoint',
      'use `resolution: DNS` for several',
    );
  }
  for (const each of endpoints) {
    const address = each.address ?? '';
    if (isIP(address) === 0 && (!isHostName(address) || address.startsWith('*'))) {
      check.error(each, 'address', `\`${address}\` is no address`, 'write an IP or a host name');
    }
  }
}

function checkEndpointPorts(check: Entry, endpoint: WorkloadEntry): void {
  const names = (check.spec.ports ?? []).map((port) => port.name);
  for (const name of Object.keys(endpoint.ports ?? {})) {
    if (!names.includes(name)) {
      check.error(
        endpoint.ports!,
        name,
        `the service has no port \`${name}\``,
        `its ports are ${names.join(', ') || 'none'}`,
      );
    }
  }
}

export function checkWorkloadEntry(check: Check<'WorkloadEntry'>): void {
  const { spec } = check;
  if (!spec.address && !spec.network) check.error(spec, undefined, 'there is no address', 'add `address`');
}
