/** Equality of what a source reports, so that a change is reported once and no change is not. */

import type { RegistryInstance, RegistryService } from '../model';

/** Are both the same to a sink? Instances are expected in the same order. */
export function sameService(a: RegistryService, b: RegistryService): boolean {
  if (a === b) return true;
  return (
    a.key === b.key &&
    a.kind === b.kind &&
    a.namespace === b.namespace &&
    a.group === b.group &&
    a.name === b.name &&
    a.dubbo?.application === b.dubbo?.application &&
    a.dubbo?.version === b.dubbo?.version &&
    sameStrings(a.metadata, b.metadata) &&
    a.instances.length === b.instances.length &&
    a.instances.every((instance, index) => sameInstance(instance, b.instances[index]!))
  );
}

/** Are both the same to a sink? */
export function sameInstance(a: RegistryInstance, b: RegistryInstance): boolean {
  if (a === b) return true;
  return (
    a.id === b.id &&
    a.address === b.address &&
    a.port === b.port &&
    a.weight === b.weight &&
    a.healthy === b.healthy &&
    a.enabled === b.enabled &&
    a.protocol === b.protocol &&
    a.cluster === b.cluster &&
    a.region === b.region &&
    a.zone === b.zone &&
    sameStrings(a.metadata, b.metadata)
  );
}

function sameStrings(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  if (a === b) return true;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}

/** In byte order of their ids, so that equal content is equal whatever the order of arrival. */
export function byId(a: RegistryInstance, b: RegistryInstance): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}
