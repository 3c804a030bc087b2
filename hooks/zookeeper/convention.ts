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

/** What a provider's URL says. */
interface Provider {
  readonly key: string;
  readonly weight: number;
  readonly isDubbo: boolean;
  readonly parameters: URLSearchParams;
}

function readProvider({ name }: Child): Provider | undefined {
  return parsed(() => {
    const { protocol, hostname, port, searchParams } = new URL(decodeURIComponent(name));
    return {
      key: addressKey(hostname.replace(/^\[|\]$/g, ''), Number(port)),
      weight: Number(searchParams.get('weight') ?? 100),
      isDubbo: protocol === 'dubbo:',
      parameters: searchParams,
    };
  });
}

function dubboConvention(name: string): Convention {
  const providerOf = remembered(readProvider);
  // One for each version and group that others provide: consumers take only their own.
  const kindsOf = remembered((siblings: readonly Child[]): readonly URLSearchParams[] => {
    const kinds = new Map<string, URLSearchParams>();
    for (const sibling of siblings) {
      const provider = providerOf(sibling);
      if (provider === undefined || !provider.isDubbo) continue;
      const { parameters } = provider;
      kinds.set(`${parameters.get('group')}/${parameters.get('version')}`, parameters);
    }
    if (kinds.size === 0) kinds.set('', new URLSearchParams({ interface: name, side: 'provider' }));
    return [...kinds.values()];
  });
  return {
    service: { source: 'dubbo', service: name },
    addressInData: false,
    key: (child) => providerOf(child)?.key,
    weight: (child) => providerOf(child)?.weight,
    make: (instance, weight, siblings, metadata) =>
      kindsOf(siblings).map((like) => {
        const parameters = new URLSearchParams(like);
        for (const own of OWN_PARAMETERS) parameters.delete(own);
        if (like.has('weight')) parameters.set('weight', String(Math.max(1, Math.round(weight))));
        for (const [key, value] of Object.entries(metadata)) parameters.set(key, value);
        const host = instance.ip.includes(':') ? `[${instance.ip}]` : instance.ip;
        const url = `dubbo://${host}:${instance.port}/${name}?${parameters}`;
        return { name: encodeURIComponent(url), data: instance.ip };
      }),
  };
}

interface Registration {
  readonly address?: unknown;
  readonly port?: unknown;
  readonly payload?: { readonly '@class'?: unknown; readonly metadata?: object };
}

function springConvention(name: string): Convention {
  const registration = remembered(({ data }: Child): Registration | undefined =>
    data === undefined ? undefined : parsed(() => JSON.parse(data) as Registration),
  );
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

/** Reads each object once, as long as it lives: lists are made from the same children again and again. */
function remembered<K extends object, V>(read: (key: K) => V): (key: K) => V {
  const known = new WeakMap<K, { readonly value: V }>();
  return (key) => {
    let found = known.get(key);
    if (found === undefined) {
      found = { value: read(key) };
      known.set(key, found);
    }
    return found.value;
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
