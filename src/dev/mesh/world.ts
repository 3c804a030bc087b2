/** All objects of the mesh, in istiod's order, with short names resolved. Immutable; a change makes a new one. */

import type { Destination, HttpRoute, VirtualService } from '../api';
import type { IstioObject, Kind } from '../read/object';
import { resolveDelegates } from './delegate';
import { toFqdn } from './host-names';
import { type Service, type ServiceEndpoint, servicesOf } from './service';

export interface World {
  readonly services: readonly Service[];
  /** By `namespace/host`: of all ServiceEntries that name the host there. */
  readonly endpoints: ReadonlyMap<string, readonly ServiceEndpoint[]>;
  readonly virtualServices: readonly IstioObject<'VirtualService'>[];
  readonly destinationRules: readonly IstioObject<'DestinationRule'>[];
  readonly sidecars: readonly IstioObject<'Sidecar'>[];
}

/** Namespace whose Sidecar and DestinationRules hold for all others. */
export const ROOT_NAMESPACE = 'istio-system';

export function buildWorld(objects: readonly IstioObject[]): World {
  const workloads = ofKind(objects, 'WorkloadEntry');
  const services = ofKind(objects, 'ServiceEntry').flatMap((entry) => servicesOf(entry, workloads));
  return {
    services,
    endpoints: endpointsByHost(services),
    virtualServices: resolveDelegates(ofKind(objects, 'VirtualService').map(withFullNames)),
    destinationRules: ofKind(objects, 'DestinationRule').map((rule) => ({
      ...rule,
      spec: { ...rule.spec, host: toFqdn(rule.spec.host, rule.namespace) },
    })),
    sidecars: ofKind(objects, 'Sidecar'),
  };
}

/** As with istiod, a ServiceEntry with several addresses has its endpoints once for each. */
function endpointsByHost(services: readonly Service[]): Map<string, ServiceEndpoint[]> {
  const found = new Map<string, ServiceEndpoint[]>();
  for (const { namespace, host, endpoints } of services) {
    const key = `${namespace}/${host}`;
    const list = found.get(key) ?? [];
    found.set(key, list);
    list.push(...endpoints);
  }
  return found;
}

/** istiod orders by creation time (files have none), then name, then namespace. */
function ofKind<K extends Kind>(objects: readonly IstioObject[], kind: K): IstioObject<K>[] {
  const found = objects.filter((object): object is IstioObject<K> => object.kind === kind);
  return found.sort(
    (a, b) =>
      (a.created ?? 0) - (b.created ?? 0) || compare(`${a.name}.${a.namespace}`, `${b.name}.${b.namespace}`),
  );
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function withFullNames(object: IstioObject<'VirtualService'>): IstioObject<'VirtualService'> {
  const { spec, namespace } = object;
  const named: VirtualService = {
    ...spec,
    hosts: spec.hosts?.map((host) => toFqdn(host, namespace)),
    http: spec.http?.map((route) => namedRoute(route, namespace)),
  };
  return { ...object, spec: named };
}

function namedRoute(route: HttpRoute, namespace: string): HttpRoute {
  const named = (destination: Destination): Destination => ({
    ...destination,
    host: toFqdn(destination.host, namespace),
  });
  return {
    ...route,
    route: route.route?.map((each) => ({ ...each, destination: named(each.destination) })),
    mirror: route.mirror && named(route.mirror),
    mirrors: route.mirrors?.map((each) => ({ ...each, destination: named(each.destination) })),
  };
}
