/** The two conventions by which services are written into ZooKeeper, and nodes as a mesh instance would have them. */

import type { MeshInstance, ServiceName } from '../../src/registry';
import { addressKey } from '../../src/registry';

/** A child of a service's node. */
export interface Child {
  readonly name: string;
  /** What `getData` gives; undefined where it does not matter, or is not known. */
  readonly data?: string;
}

export interface Convention {
  readonly service: ServiceName;
  /** The address is in the data of a child, not in its name. */
  readonly addressInData: boolean;
  key(child: Child): string | undefined;
  weight(child: Child): number | undefined;
  /** As the service's other children are; none where nothing like them can be made. */
  make(
    instance: MeshInstance,
    weight: number,
    siblings: readonly Child[],
    metadata: Record<string, string>,
  ): readonly Child[];
}

/** undefined: the path is of neither. */
export function conventionOf(path: string): Convention | undefined {
  const dubbo = /^\/[^/]+\/([^/]+)\/providers$/.exec(path);
  if (dubbo !== null) return dubboConvention(decodeURIComponent(dubbo[1]!));
  const service = /^\/services\/([^/]+)$/.exec(path);
  return service === null ? undefined : springConvention(service[1]!);
}

/** Of a provider; they say what the provider's process was, which a mesh instance's is not. */
const OWN_PARAMETERS = [
  'pid',
  'timestamp',
  'bind.ip',
  'bind.port',
  'dubbo.tag',
  'disabled',
  'weight',
  'warmup',
];

function dubboConvention(name: string): Convention {
  const urlOf = (child: Child): URL | undefined => parsed(() => new URL(decodeURIComponent(child.name)));
  return {
    service: { source: 'dubbo', service: name },
    addressInData: false,
    key: (child) => {
      const url = urlOf(child);
      return url === undefined
        ? undefined
        : addressKey(url.hostname.replace(/^\[|\]$/g, ''), Number(url.port));
    },
    weight: (child) => Number(urlOf(child)?.searchParams.get('weight') ?? 100),
    // One for each version and group that others provide: consumers take only their own.
    make: (instance, weight, siblings, metadata) => {
      const kinds = new Map<string, URLSearchParams>();
      for (const sibling of siblings) {
        const url = urlOf(sibling);
        if (url?.protocol !== 'dubbo:') continue;
        const { searchParams } = url;
        kinds.set(`${searchParams.get('group')}/${searchParams.get('version')}`, searchParams);
      }
      if (kinds.size === 0) kinds.set('', new URLSearchParams({ interface: name, side: 'provider' }));
      return [...kinds.values()].map((like) => {
        const parameters = new URLSearchParams(like);
        for (const own of OWN_PARAMETERS) parameters.delete(own);
        if (like.has('weight')) parameters.set('weight', String(Math.max(1, Math.round(weight))));
        for (const [key, value] of Object.entries(metadata)) parameters.set(key, value);
        const host = instance.ip.includes(':') ? `[${instance.ip}]` : instance.ip;
        const url = `dubbo://${host}:${instance.port}/${name}?${parameters}`;
        return { name: encodeURIComponent(url), data: instance.ip };
      });
    },
  };
}

interface Registration {
  readonly address?: unknown;
  readonly port?: unknown;
  readonly payload?: { readonly '@class'?: unknown; readonly metadata?: object };
}

function springConvention(name: string): Convention {
  const registration = ({ data }: Child): Registration | undefined =>
    data === undefined ? undefined : parsed(() => JSON.parse(data) as Registration);
  return {
    service: { source: 'zookeeper', service: name },
    addressInData: true,
    key: (child) => {
      const found = registration(child);
      if (typeof found?.address !== 'string') return undefined;
      return addressKey(found.address, Number(found.port));
    },
    weight: () => undefined,
    make: ({ ip, port }, _weight, siblings, metadata) => {
      const like = siblings.map(registration).find((each) => each !== undefined);
      // Dubbo's applications are told by their revision, which the mesh has not.
      if (String(like?.payload?.['@class'] ?? '').includes('dubbo')) return [];
      const id = `mesh-${ip}-${port}`;
      const payload = {
        '@class': 'org.springframework.cloud.zookeeper.discovery.ZookeeperInstance',
        ...like?.payload,
        id,
        name,
        metadata,
      };
      const own = { name, id, address: ip, port, sslPort: null, payload };
      const data = { serviceType: 'DYNAMIC', ...like, ...own, registrationTimeUTC: 0 };
      return [{ name: id, data: JSON.stringify(data) }];
    },
  };
}

/** What applications write is not ours to complain about. */
function parsed<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    // Not in the convention after all: such a node has no address.
    return undefined;
  }
}
