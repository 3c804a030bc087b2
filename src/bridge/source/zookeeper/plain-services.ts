/** Services of Curator's discovery that are not Dubbo's: Spring Cloud ZooKeeper, and anything else that writes it. */

import { type ServiceChanges, sameService } from '../../dubbo';
import type { RegistryInstance, RegistryService } from '../../model';
import type { CuratorInstance } from './curator';

/** Spring Cloud's `StatusConstants`. */
const STATUS = 'instance_status';

export class PlainServices {
  private readonly instances = new Map<string, Map<string, RegistryInstance>>();
  private readonly reported = new Map<string, RegistryService>();
  private readonly changed = new Set<string>();

  /** Sets or, with undefined, forgets what `node` holds. */
  set(service: string, node: string, instance: CuratorInstance | undefined): void {
    const instances = this.instances.get(service) ?? new Map<string, RegistryInstance>();
    if (!instance && !instances.has(node)) return;
    if (instance) instances.set(node, toInstance(node, instance));
    else instances.delete(node);
    if (instances.size > 0) this.instances.set(service, instances);
    else this.instances.delete(service);
    this.changed.add(service);
  }

  /** Reports everything that changed since the last time. A service without instances is not listed. */
  flush(changes: ServiceChanges): void {
    for (const name of this.changed) {
      const before = this.reported.get(name);
      const instances = this.instances.get(name);
      if (instances) {
        const service = toService(name, instances);
        if (before && sameService(before, service)) continue;
        this.reported.set(name, service);
        changes.update(service);
      } else if (before) {
        this.reported.delete(name);
        changes.remove(before.key);
      }
    }
    this.changed.clear();
  }
}

function toService(name: string, instances: ReadonlyMap<string, RegistryInstance>): RegistryService {
  return {
    key: `service/${name}`,
    kind: 'service',
    namespace: '',
    group: '',
    name,
    metadata: {},
    instances: [...instances.keys()].sort().map((node) => instances.get(node)!),
  };
}

/** Spring's own load balancer reads `weight` from the metadata, and calls those that are UP or say nothing. */
function toInstance(
  node: string,
  { address, port, sslPort, enabled, metadata }: CuratorInstance,
): RegistryInstance {
  const status = metadata[STATUS]?.toUpperCase();
  const weight = Number(metadata['weight'] || 1);
  const isSecure = port === 0 && sslPort !== undefined;
  return {
    id: node,
    address,
    port: isSecure ? sslPort : port,
    weight: Number.isFinite(weight) ? weight : 1,
    healthy: status !== 'DOWN',
    enabled: enabled && status !== 'OUT_OF_SERVICE',
    ...(isSecure && { protocol: 'https' }),
    metadata,
  };
}
