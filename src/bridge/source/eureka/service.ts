/** A Eureka application as a service of the bridge. */

import type { RegistryInstance, RegistryProblem, RegistryService } from '../../model';
import type { EurekaInstance } from './answer';

export interface Described {
  readonly service: RegistryService;
  readonly problems: ReadonlyMap<string, RegistryProblem>;
}

/**
 * `key` and `name` are the application's name as registered (`ORDERS`). One record for each enabled port; the secure
 * one has the protocol `https`, and an id of its own when both are enabled. The VIP names, which some clients go
 * by instead of the application's, are the service's metadata `vipAddress`.
 */
export function serviceOf(
  app: string,
  instances: Iterable<EurekaInstance>,
  address: 'ip' | 'hostname',
): Described {
  const records: RegistryInstance[] = [];
  const problems = new Map<string, RegistryProblem>();
  const vips = new Set<string>();
  for (const instance of instances) {
    for (const vip of instance.vipAddress.split(',')) if (vip.trim() !== '') vips.add(vip.trim());
    const reason = faultOf(instance);
    if (reason === undefined) records.push(...recordsOf(instance, address));
    else problems.set(instance.id, { service: app, instance: instance.id, reason });
  }
  records.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  const metadata: Record<string, string> = vips.size > 0 ? { vipAddress: [...vips].sort().join(',') } : {};
  return {
    service: { key: app, kind: 'service', namespace: '', group: '', name: app, metadata, instances: records },
    problems,
  };
}

function faultOf({ id, hostName, ipAddr, port, securePort }: EurekaInstance): string | undefined {
  if (id === '') return 'it has neither instanceId nor hostName; register it with one';
  if (ipAddr === '' && hostName === '') return 'it has neither ipAddr nor hostName; register it with its IP';
  if (!port.enabled && !securePort.enabled) return 'neither its port nor its securePort is enabled';
  return undefined;
}

function recordsOf(instance: EurekaInstance, address: 'ip' | 'hostname'): RegistryInstance[] {
  const { id, hostName, ipAddr, status, port, securePort, zone, region, metadata } = instance;
  const record = {
    address: (address === 'ip' ? ipAddr || hostName : hostName || ipAddr) ?? '',
    weight: 1,
    // An operator's override has replaced the status already. What he switched off says nothing of its health.
    healthy: status === 'UP' || status === 'OUT_OF_SERVICE',
    enabled: status !== 'OUT_OF_SERVICE',
    ...(zone !== '' && { cluster: zone, zone }),
    ...(region !== '' && { region }),
    metadata,
  };
  const records: RegistryInstance[] = [];
  if (port.enabled) records.push({ ...record, id, port: port.number });
  if (securePort.enabled) {
    const own = port.enabled ? `${id}:secure` : id;
    records.push({ ...record, id: own, port: securePort.number, protocol: 'https' });
  }
  return records;
}
