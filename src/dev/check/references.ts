/** What objects say of each other: subsets and hosts that exist nowhere, and names used twice. */

import { nearest } from '../../config';
import type { Destination } from '../api';
import { hostSubsetOf, toFqdn } from '../mesh/host-names';
import type { IstioObject } from '../read/object';

export function checkReferences(objects: readonly IstioObject[]): void {
  checkDuplicates(objects);
  const subsets = new Map<string, string[]>();
  const hosts = new Set<string>();
  for (const object of objects) {
    if (isKind(object, 'DestinationRule')) {
      const host = toFqdn(object.spec.host, object.namespace);
      const names = (object.spec.subsets ?? []).map((subset) => subset.name);
      subsets.set(host, [...(subsets.get(host) ?? []), ...names]);
    }
    if (isKind(object, 'ServiceEntry')) for (const host of object.spec.hosts) hosts.add(host.toLowerCase());
  }
  for (const object of objects) {
    if (!isKind(object, 'VirtualService')) continue;
    for (const destination of destinationsOf(object)) {
      checkDestination(object, destination, subsets, hosts);
    }
  }
}

function checkDestination(
  object: IstioObject<'VirtualService'>,
  destination: Destination,
  subsets: ReadonlyMap<string, readonly string[]>,
  hosts: ReadonlySet<string>,
): void {
  const { reader } = object;
  const host = toFqdn(destination.host, object.namespace);
  const lower = host.toLowerCase();
  if (!hosts.has(lower) && ![...hosts].some((each) => hostSubsetOf(lower, each))) {
    const near = nearest(host, [...hosts]);
    const advice = near
      ? `did you mean \`${near}\`?`
      : 'add a ServiceEntry; until then calls are answered 503';
    reader.fail(
      reader.nodeOf(destination, 'host'),
      `no ServiceEntry has the host \`${host}\``,
      advice,
      'warning',
    );
  }
  if (!destination.subset) return;
  const known = [...subsets].filter(([rule]) => hostSubsetOf(host, rule)).flatMap(([, names]) => names);
  if (known.includes(destination.subset)) return;
  const near = nearest(destination.subset, known);
  const advice = near
    ? `did you mean \`${near}\`?`
    : `add it to a DestinationRule for the host${known.length > 0 ? ` (which has ${known.join(', ')})` : ''}`;
  const message = `no DestinationRule gives \`${host}\` the subset \`${destination.subset}\``;
  reader.fail(reader.nodeOf(destination, 'subset'), message, advice);
}

function destinationsOf({ spec }: IstioObject<'VirtualService'>): Destination[] {
  return (spec.http ?? []).flatMap((route) => [
    ...(route.route ?? []).map((each) => each.destination),
    ...(route.mirror ? [route.mirror] : []),
    ...(route.mirrors ?? []).map((each) => each.destination),
  ]);
}

function checkDuplicates(objects: readonly IstioObject[]): void {
  const seen = new Map<string, IstioObject>();
  for (const object of objects) {
    const key = `${object.kind} ${object.namespace}/${object.name}`;
    const first = seen.get(key);
    if (first) {
      const { file, line } = first.reader.position(first.spec);
      object.reader.fail(
        undefined,
        `there is another ${key}, at ${file}:${line}`,
        'rename or remove one of them',
      );
    }
    seen.set(key, object);
  }
}

function isKind<K extends IstioObject['kind']>(object: IstioObject, kind: K): object is IstioObject<K> {
  return object.kind === kind;
}
