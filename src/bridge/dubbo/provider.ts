/** One provider of one interface, as either level tells it. */

import type { RegistryInstance } from '../model';
import type { ApplicationInstance } from './application';
import { type InterfaceName, nameFromParams } from './names';
import type { Revision } from './revision';
import { standingOf } from './standing';
import type { DubboUrl, LastingParams } from './url';

export interface Provider extends InterfaceName {
  /** '' where it is not told. */
  readonly application: string;
  readonly instance: RegistryInstance;
}

/** Unique within a service, and equal at both levels. Joined, for the parts of a template stay in memory beside it. */
export function instanceId(protocol: string, address: string, port: number): string {
  return [protocol, '://', address.includes(':') ? `[${address}]` : address, ':', port].join('');
}

/** Unique among the providers of an interface, whatever their group and version. */
export function providerKey({ group, version, instance }: Provider): string {
  return group === '' && version === '' ? instance.id : [instance.id, group, version].join(' ');
}

/**
 * A provider from its address and the parameters of its service; `params` is kept, not copied. Written out, for there
 * may be half a million of them, and an object from a spread takes twice the room.
 */
export function providerOf(
  { interface: name, group, version }: InterfaceName,
  { protocol, address, port }: { readonly protocol: string; readonly address: string; readonly port: number },
  metadata: Readonly<Record<string, string>>,
  application: string,
): Provider {
  const id = instanceId(protocol, address, port);
  const { weight, enabled } = standingOf(metadata);
  const instance = { id, address, port, weight, healthy: true, enabled, protocol, metadata };
  return { interface: name, group, version, application, instance };
}

/** A provider of the interface level from its URL. `path` names the interface where the URL does not (simplified). */
export function providerFromUrl(url: DubboUrl, path: string, lasting: LastingParams): Provider {
  const params = lasting.of(url);
  return providerOf(nameFromParams(params, path), url, params, params['application'] ?? '');
}

/** What an instance of the application level provides by its revision. The parameters are shared by all that have it. */
export function providersOfInstance(instance: ApplicationInstance, { services }: Revision): Provider[] {
  const { application, address, endpoints, healthy, enabled } = instance;
  return services.map((service) => {
    const { protocol, params } = service;
    const port =
      service.port || (endpoints.find((endpoint) => endpoint.protocol === protocol)?.port ?? instance.port);
    const provider = providerOf(service, { protocol, address, port }, params, application);
    if (healthy && enabled) return provider;
    return {
      ...provider,
      instance: { ...provider.instance, healthy, enabled: enabled && provider.instance.enabled },
    };
  });
}
