/**
 * From a registry's name of a service to hosts of the mesh (decision 21): an explicit table, then a template per kind
 * of registry. Only native hosts: what the bridge made from the same registry is under other names.
 */

import { Rules } from './rules';

export type Source = 'nacos' | 'eureka' | 'consul' | 'zookeeper' | 'dubbo';

/** What a client asked its registry for. */
export interface ServiceName {
  readonly source: Source;
  readonly service: string;
  /** Nacos' group, when it is not the default one. */
  readonly group?: string;
  /** The registry's own namespace or data centre. */
  readonly namespace?: string;
}

/** A host of the mesh; without a port it is 80, else the lowest that the host has. */
export interface HostName {
  readonly host: string;
  readonly port?: number;
}

export const DEFAULT_TEMPLATE = '{service}.{namespace}.svc.cluster.local';
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const HOST = /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/;

export interface NameSettings {
  /** `orders=orders.shop.svc.cluster.local:8080|old-orders.shop.svc.cluster.local`, `nacos/*={service}.{namespace}.svc.cluster.local`. */
  readonly hosts: readonly string[];
  /** `public=shop`: the registry's namespace to that of Kubernetes. */
  readonly namespaces: readonly string[];
  /** Kubernetes namespace of names whose own is not in the table. */
  readonly podNamespace: string;
}

export type Mapped =
  | { readonly hosts: readonly HostName[] }
  /** No host, and why, for a person. */
  | { readonly problem: string };

export class NameTable {
  readonly #hosts: Rules<string>;
  readonly #namespaces: Rules<string>;
  /** Hosts found by template, with the name that has them: two names that become one host are nobody's guess. */
  readonly #takenBy = new Map<string, string>();

  constructor(readonly settings: NameSettings) {
    this.#hosts = new Rules(settings.hosts, (value) => value, DEFAULT_TEMPLATE);
    this.#namespaces = new Rules(settings.namespaces, (value) => value, settings.podNamespace);
  }

  map(name: ServiceName): Mapped {
    const { source } = name;
    const id = idOf(name);
    const entry = this.#hosts.get(source, id);
    const isTemplate = entry.includes('{');
    const namespace = this.#namespaces.get(source, name.namespace ?? '');
    const service = name.service.toLowerCase();
    if (isTemplate && name.group !== undefined && !entry.includes('{group}')) {
      return { problem: `its group has no place in the template ${entry}` };
    }
    const parts: Record<string, string> = { service, namespace, group: (name.group ?? '').toLowerCase() };
    if (isTemplate && !Object.values(parts).every((part) => part === '' || LABEL.test(part))) {
      return { problem: 'it is no DNS name' };
    }
    const hosts = entry
      .split('|')
      .map((part) =>
        readHost(part.replace(/\{(service|namespace|group)\}/g, (_, key: string) => parts[key]!)),
      );
    if (hosts.some((host) => host === undefined)) return { problem: `${entry} is not a host name` };
    if (isTemplate) {
      const key = `${source} ${hosts[0]!.host}`;
      const taken = this.#takenBy.get(key);
      if (taken !== undefined && taken !== id)
        return { problem: `${taken} has the same host ${hosts[0]!.host}` };
      this.#takenBy.set(key, id);
    }
    return { hosts: hosts as HostName[] };
  }
}

/** As rules name it: `orders`, or `GROUP@@orders` where the group is not the default one. */
export function idOf({ service, group }: ServiceName): string {
  return group === undefined ? service : `${group}@@${service}`;
}

function readHost(text: string): HostName | undefined {
  const found = /^([^:]+)(?::(\d{1,5}))?$/.exec(text.trim().toLowerCase());
  if (found === null || !HOST.test(found[1]!)) return undefined;
  const host = found[1]!;
  return found[2] === undefined ? { host } : { host, port: Number(found[2]) };
}
