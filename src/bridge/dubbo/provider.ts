/** One provider of one interface, as either level tells it. */

import type { RegistryInstance } from '../model';
import type { ApplicationInstance } from './application';
import type { Interning } from './interning';
import { type InterfaceName, nameFromParams } from './names';
import type { Revision } from './revision';
import { standingOf } from './standing';
import { type DubboUrl, lastingParams } from './url';

export interface Provider extends InterfaceName {
  /** '' where it is not told. */
  readonly application: string;
  readonly instance: RegistryInstance;
}

/** Unique within a service, and equal at both levels. */
export function instanceId(protocol: string, address: string, port: number): string {
  return `${protocol}://${address.includes(':') ? `[${address}]` : address}:${port}`;
}

/** A provider from its address and the parameters of its service; `params` is kept, not copied. */
export function providerOf(
  name: InterfaceName,
  at: { readonly protocol: string; readonly address: string; readonly port: number },
  params: Readonly<Record<string, string>>,
  application: string,
): Provider {
  const { protocol, address, port } = at;
  const id = instanceId(protocol, address, port);
  const instance = { id, address, port, ...standingOf(params), healthy: true, protocol, metadata: params };
  return { ...name, application, instance };
}

/** A provider of the interface level from its URL. `path` names the interface where the URL does not (simplified). */
export function providerFromUrl(url: DubboUrl, path: string, interning: Interning): Provider {
  const params = interning.of(lastingParams(url.params));
  return providerOf(nameFromParams(params, path), url, params, params['application'] ?? '');
}

/** What an instance of the application level provides by its revision. The parameters are shared by all that have it. */
export function providersOfInstance(instance: ApplicationInstance, { services }: Revision): Provider[] {
  const { application, address, endpoints, healthy, enabled } = instance;
  return services.map((service) => {
    const { protocol, params } = service;
    const port =
      service.port || (endpoints.find((endpoint) => endpoint.protocol === protocol)?.port ?? instance.port);
    const provider = providerOf(nameOf(service), { protocol, address, port }, params, application);
    if (healthy && enabled) return provider;
    return {
      ...provider,
      instance: { ...provider.instance, healthy, enabled: enabled && provider.instance.enabled },
    };
  });
}

function nameOf({ interface: name, group, version }: InterfaceName): InterfaceName {
  return { interface: name, group, version };
}
