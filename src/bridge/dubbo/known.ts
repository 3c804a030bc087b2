/**
 * What is told again stays the object that it was. Half a million providers are told again after every lost session, and
 * one of twenty changes at a time: a second copy of the others would stay beside the first, in whatever holds that.
 */

import type { RegistryInstance } from '../model';
import { Interning } from './interning';
import type { InterfaceName } from './names';
import { type Provider, providerKey } from './provider';
import { sameInstance } from './same';

/** `told`, with the objects of `known` where they are equal; `known` itself when nothing differs. */
export function withKnownProviders(
  known: readonly Provider[],
  told: readonly Provider[],
): readonly Provider[] {
  if (known.length + told.length <= 1) return told;
  const isKnown = (provider: Provider, index: number) => sameProvider(provider, known[index]);
  if (known.length === told.length && told.every(isKnown)) return known;
  const interning = new Interning(known.map(({ instance }) => instance));
  const byMetadata = new Map([...told, ...known].map((provider) => [provider.instance.metadata, provider]));
  const byKey = new Map(known.map((provider) => [providerKey(provider), provider]));
  return told.map((provider) => {
    const before = byKey.get(providerKey(provider));
    if (before && sameProvider(provider, before)) return before;
    const metadata = interning.of(provider.instance.metadata);
    return metadata === provider.instance.metadata
      ? provider
      : withStringsOf(byMetadata.get(metadata)!, provider);
  });
}

/** The same for instances, each with an id of its own. */
export function withKnownInstances(
  known: readonly RegistryInstance[],
  told: readonly RegistryInstance[],
): readonly RegistryInstance[] {
  const byId = new Map(known.map((instance) => [instance.id, instance]));
  return told.map((instance) => {
    const before = byId.get(instance.id);
    return before && sameInstance(before, instance) ? before : instance;
  });
}

function sameProvider(a: Provider, b: Provider | undefined): boolean {
  if (a === b) return true;
  return (
    b !== undefined &&
    sameName(a, b) &&
    a.application === b.application &&
    sameInstance(a.instance, b.instance)
  );
}

function sameName(a: InterfaceName, b: InterfaceName): boolean {
  return a.interface === b.interface && a.group === b.group && a.version === b.version;
}

/**
 * `provider` with the metadata of `kept`, which is equal, and with its names: names are parts of the text that they were
 * read from, and keep all of it. Written out, for an object from a spread takes twice the room.
 */
function withStringsOf(kept: Provider, provider: Provider): Provider {
  const { interface: name, group, version } = sameName(kept, provider) ? kept : provider;
  const { application } = kept.application === provider.application ? kept : provider;
  const { metadata } = kept.instance;
  const { id, address, port, weight, healthy, enabled, protocol, cluster } = provider.instance;
  const instance =
    cluster === undefined
      ? { id, address, port, weight, healthy, enabled, protocol, metadata }
      : { id, address, port, weight, healthy, enabled, protocol, cluster, metadata };
  return { interface: name, group, version, application, instance };
}
