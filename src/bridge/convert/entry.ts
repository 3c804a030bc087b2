/** The last step: a draft with the host and the VIP that it got. */
import type { ServedEntry } from '../model';
import type { Draft } from './draft';
import { resourceName } from './names';

/** `slot` is the host in lower case; `vip` undefined only where the range is used up. */
export function entryOf(draft: Draft, slot: string, vip: string | undefined): ServedEntry {
  const { claim, endpoints, resolution, ports, from, exportTo, labels, namespace, location } = draft;
  return {
    host: claim.host.toLowerCase() === slot ? claim.host : slot,
    namespace,
    name: resourceName(slot),
    labels,
    annotations: { ...draft.annotations, 'inmesh.from': from.slice(0, 5).join(', ') },
    addresses: vip === undefined ? [] : [vip],
    ports,
    resolution,
    location,
    exportTo,
    endpoints,
    from,
  };
}

/** The entry of a service that lost its last instance. A DNS entry without endpoints would resolve its own host. */
export function emptied(entry: ServedEntry): ServedEntry {
  return { ...entry, resolution: 'STATIC', endpoints: [] };
}
