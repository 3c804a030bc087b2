/** What a generated registry lists after so many changes: told to a bridge, and compared with what an istiod has. */

import { MANY_INTERFACES } from '../../../src/bridge/convert/level';
import { DubboServices, decodeDubboUrl, LastingParams, providerFromUrl } from '../../../src/bridge/dubbo';
import type { SourceSink } from '../../../src/bridge/model';
import { registryService } from './scripted-source';

export interface ScaleLoad {
  readonly kind: 'services' | 'dubbo';
  readonly services: number;
  readonly instances: number;
}

/** Prime, so that every owner has its turn before any has its second, and gets another port in each. */
const STRIDE = 7_919;
const PORTS = 997;
const INTERFACES_OF_APPLICATION = 20;
const AT_ONCE = 100;

/**
 * Says all of it at first, then one change after another: an instance in the place of another. A process of Dubbo that
 * is started anew changes each interface of its application.
 */
export class GeneratedRegistry {
  private readonly dubbo = new DubboServices();
  private changes = 0;
  private sink: SourceSink | undefined;

  constructor(private readonly load: ScaleLoad) {}

  /** As answers of a registry arrive: some at a time. */
  async start(sink: SourceSink): Promise<void> {
    this.sink = sink;
    sink.state('up');
    for (let index = 0; index < this.load.services; index++) {
      this.tell(index, 0);
      if (index % AT_ONCE === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    sink.synced();
  }

  change(): void {
    this.changes++;
    this.tell(indexOf(this.load, this.changes), this.changes);
  }

  private tell(index: number, change: number): void {
    const { load, dubbo, sink } = this;
    if (load.kind === 'services') {
      const metadata = { version: 'v1', region: 'r1', 'preserved.register.source': 'SPRING_CLOUD' };
      const addresses = addressesOf(load, index, change);
      sink!.update(registryService(nameOf(load, index), addresses, { metadata, cluster: 'DEFAULT' }));
      return;
    }
    const lasting = new LastingParams();
    const name = nameOf(load, index);
    const nodes = addressesOf(load, index, change).map((address, i) => nodeOf(index, address, i));
    dubbo.setProviders(
      'interface',
      name,
      nodes.map((node) => providerFromUrl(decodeDubboUrl(node)!, name, lasting)),
    );
    dubbo.flush(sink!);
  }
}

/** `ip:port`, sorted, by host, after so many changes; of many interfaces only their applications are served. */
export function listed(load: ScaleLoad, changes: number): Map<string, string[]> {
  const last = new Array<number>(load.services).fill(0);
  for (let change = 1; change <= changes; change++) last[indexOf(load, change)] = change;
  const hosts = new Map<string, string[]>();
  const applications = new Map<string, Set<string>>();
  for (const [index, change] of last.entries()) {
    const addresses = addressesOf(load, index, change).sort();
    if (load.kind === 'services' || load.services <= MANY_INTERFACES)
      hosts.set(hostOf(load, index), addresses);
    if (load.kind === 'services') continue;
    const host = `${applicationOf(index)}.dubbo`;
    const all = applications.get(host) ?? new Set();
    applications.set(host, all);
    for (const address of addresses) all.add(address);
  }
  for (const [host, addresses] of applications) hosts.set(host, [...addresses].sort());
  return hosts;
}

/** Which service the change is of. */
function indexOf(load: ScaleLoad, change: number): number {
  const changesOfOwner = interfacesOf(load);
  const owner = (turnOf(load, change) * STRIDE) % (load.services / changesOfOwner);
  return owner * changesOfOwner + ((change - 1) % changesOfOwner);
}

/** How many owners (services, or applications) had their turn with this change. */
function turnOf(load: ScaleLoad, change: number): number {
  return Math.ceil(change / interfacesOf(load));
}

function interfacesOf({ kind }: ScaleLoad): number {
  return kind === 'services' ? 1 : INTERFACES_OF_APPLICATION;
}

function nameOf({ kind }: ScaleLoad, index: number): string {
  return kind === 'services' ? `service-${index}` : `com.example.p${index % 100}.Service${index}`;
}

function hostOf(load: ScaleLoad, index: number): string {
  const name = nameOf(load, index).toLowerCase();
  return load.kind === 'services' ? `${name}.default-group.public.nacos` : `${name}.dubbo`;
}

/** The first instance has another port after each turn of its owner. */
function addressesOf(load: ScaleLoad, index: number, change: number): string[] {
  const owner = Math.floor(index / interfacesOf(load));
  const first = load.kind === 'services' ? 8_000 : 20_880;
  return Array.from({ length: load.instances }, (_unused, i) => {
    const port = first + (i === 0 ? turnOf(load, change) % PORTS : 0);
    return `10.${owner >> 8}.${owner & 255}.${i + 1}:${port}`;
  });
}

function applicationOf(index: number): string {
  return `application-${Math.floor(index / INTERFACES_OF_APPLICATION)}`;
}

/** As Dubbo 3.3 writes it. */
function nodeOf(index: number, address: string, process: number): string {
  const name = nameOf({ kind: 'dubbo', services: 0, instances: 0 }, index);
  const application = applicationOf(index);
  const parameters = [
    `anyhost=true&application=${application}&background=false&deprecated=false&dubbo=2.0.2&dynamic=true`,
    `executor-management-mode=isolation&file-cache=true&generic=false&interface=${name}`,
    'methods=find,list,create,update,remove&prefer.serialization=hessian2,fastjson2&release=3.3.0&retries=0',
    `service-name-mapping=true&side=provider&pid=${1_000 + process}&timestamp=${1_700_000_000_000 + process}`,
  ];
  return encodeURIComponent(`dubbo://${address}/${name}?${parameters.join('&')}`);
}
