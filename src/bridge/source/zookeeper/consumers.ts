/** Who consumes what: `<root>/<interface>/consumers/<URL>`, where consumers say so. For Sidecars; nobody calls them. */

import { decodeDubboUrl, interfaceKey, nameFromParams, paramsOf, type ServiceChanges } from '../../dubbo';
import type { DubboKey, RegistryInstance, RegistryService } from '../../model';
import { NO_INTERFACES } from './interfaces';
import type { Following, Tree } from './room';

export class Consumers {
  private readonly root: Following;
  private readonly interfaces = new Map<string, Following>();
  /** What was reported of an interface, as text, by key. */
  private readonly reported = new Map<string, ReadonlyMap<string, string>>();

  constructor(
    private readonly feed: Tree,
    private readonly path: string,
    private readonly changes: ServiceChanges,
  ) {
    this.root = feed.children(path, (names = []) => this.follow(new Set(names)));
  }

  end(): void {
    this.root.end();
    for (const follower of this.interfaces.values()) follower.end();
  }

  private follow(names: ReadonlySet<string>): void {
    for (const [name, follower] of this.interfaces) {
      if (names.has(name)) continue;
      follower.end();
      this.interfaces.delete(name);
      this.report(name, []);
      this.reported.delete(name);
    }
    for (const name of names) {
      if (NO_INTERFACES.has(name) || this.interfaces.has(name)) continue;
      const path = `${this.path}/${name}/consumers`;
      this.interfaces.set(
        name,
        this.feed.children(path, (urls = []) => this.report(name, servicesOf(name, urls))),
      );
    }
  }

  private report(name: string, services: readonly RegistryService[]): void {
    const before = this.reported.get(name) ?? new Map<string, string>();
    const after = new Map(services.map((service) => [service.key, JSON.stringify(service)]));
    this.reported.set(name, after);
    for (const key of before.keys()) if (!after.has(key)) this.changes.remove(key);
    for (const service of services)
      if (before.get(service.key) !== after.get(service.key)) this.changes.update(service);
  }
}

/** One for each group and version that is asked for. What is no URL of a consumer is left out. */
function servicesOf(node: string, urls: readonly string[]): RegistryService[] {
  const services = new Map<
    string,
    { readonly dubbo: DubboKey; readonly instances: Map<string, RegistryInstance> }
  >();
  for (const each of [...urls].sort()) {
    const url = decodeDubboUrl(each);
    if (url?.protocol !== 'consumer') continue;
    const params = paramsOf(url);
    const { application = '' } = params;
    const dubbo = { ...nameFromParams(params, url.path || node), application: '' };
    const key = `consumers/${interfaceKey(dubbo)}`;
    const found = services.get(key) ?? { dubbo, instances: new Map<string, RegistryInstance>() };
    services.set(key, found);
    const id = `${url.address} ${application}`;
    found.instances.set(id, instanceOf(id, url.address, application));
  }
  return [...services].map(([key, { dubbo, instances }]) => serviceOf(key, dubbo, [...instances.values()]));
}

function serviceOf(key: string, dubbo: DubboKey, instances: readonly RegistryInstance[]): RegistryService {
  return {
    ...{ key, kind: 'dubbo-consumers', namespace: '', group: '', name: dubbo.interface, dubbo },
    ...{ metadata: {}, instances },
  };
}

function instanceOf(id: string, address: string, application: string): RegistryInstance {
  return {
    ...{ id, address, port: 0, weight: 1, healthy: true, enabled: true },
    metadata: { application },
  };
}
