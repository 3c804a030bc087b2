/** What is served, as Istio YAML: `inmesh bridge --once`. */

import { stringify } from 'yaml';
import type { ServedEntry, ServedSidecar, ServedSnapshot } from '../model';

/** One document for each ServiceEntry, by name, then for each Sidecar; a kubectl or an istiod's folder takes it. */
export function servedYaml({ entries, sidecars }: ServedSnapshot): string {
  const options = { aliasDuplicateObjects: false, lineWidth: 0 };
  const resources = [
    ...[...entries.values()].map(resourceOf),
    ...[...(sidecars?.values() ?? [])].map(sidecarOf),
  ];
  return resources.map((resource) => stringify(resource, options)).join('---\n');
}

function sidecarOf({ namespace, name, labels, selector, hosts }: ServedSidecar): unknown {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'Sidecar',
    metadata: { name, namespace, labels },
    spec: { workloadSelector: { labels: selector }, egress: [{ hosts }] },
  };
}

function resourceOf(entry: ServedEntry): unknown {
  const { namespace, name, labels, annotations, host, addresses, ports, resolution, location, exportTo } =
    entry;
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: {
      name,
      namespace,
      ...(Object.keys(labels).length > 0 && { labels }),
      ...(Object.keys(annotations).length > 0 && { annotations }),
    },
    spec: {
      hosts: [host],
      ...(addresses.length > 0 && { addresses }),
      ports: ports.map(({ number, name: port, protocol }) => ({ number, name: port, protocol })),
      location,
      resolution,
      exportTo,
      endpoints: entry.endpoints.map((endpoint) =>
        Object.fromEntries(Object.entries(endpoint).filter(([, value]) => value !== '')),
      ),
    },
  };
}
