/** The client whose view of the mesh is asked for, from its xDS node. */

import type { DiscoveryNode } from '../../xds';

export interface NodeView {
  readonly namespace: string;
  /** Such as `shop.svc.cluster.local`: decides which short names it may use. */
  readonly dnsDomain: string;
  /** Its workload's labels, with those of its locality. */
  readonly labels: Readonly<Record<string, string>>;
  readonly locality: { readonly region: string; readonly zone: string; readonly subZone: string };
  readonly ipv6Only: boolean;
}

/** Throws an Error with a sentence for a node that istiod would refuse as well. */
export function nodeView(node: DiscoveryNode): NodeView {
  const parts = node.id.split('~');
  if (parts.length !== 4) {
    throw new Error(`node id "${node.id}" is not of the form type~ip~pod.namespace~domain`);
  }
  const [type, ip, , dnsDomain] = parts as [string, string, string, string];
  if (type !== 'sidecar') throw new Error(`node type "${type}" is not served here; use "sidecar"`);
  const { metadata } = node;
  const namespace =
    typeof metadata['NAMESPACE'] === 'string' && metadata['NAMESPACE'] !== ''
      ? metadata['NAMESPACE']
      : (dnsDomain.split('.')[0] ?? '');
  const given = stringMap(metadata['LABELS']);
  const locality = localityOf(given, node);
  return {
    namespace,
    dnsDomain,
    locality,
    labels: { ...given, ...topologyLabels(locality, clusterId(metadata['CLUSTER_ID'])) },
    ipv6Only: ip.includes(':'),
  };
}

/** Two nodes with equal keys have the same view. */
export function viewKey(view: NodeView): string {
  const { namespace, dnsDomain, labels, locality, ipv6Only } = view;
  const sorted = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([
    namespace,
    dnsDomain,
    sorted,
    locality.region,
    locality.zone,
    locality.subZone,
    ipv6Only,
  ]);
}

/** Labels by which `failoverPriority` compares client and endpoint. */
export function topologyLabels(
  locality: { readonly region: string; readonly zone: string; readonly subZone: string },
  cluster: string,
  network = '',
): Record<string, string> {
  const labels: Record<string, string> = {};
  if (locality.region) labels['topology.kubernetes.io/region'] = locality.region;
  if (locality.zone) labels['topology.kubernetes.io/zone'] = locality.zone;
  if (locality.subZone) labels['topology.istio.io/subzone'] = locality.subZone;
  if (cluster) labels['topology.istio.io/cluster'] = cluster;
  if (network) labels['topology.istio.io/network'] = network;
  return labels;
}

/** `region/zone/subzone` in parts; missing ones are empty. */
export function parseLocality(text: string): { region: string; zone: string; subZone: string } {
  const [region = '', zone = '', subZone = ''] = text.split('/');
  return { region, zone, subZone };
}

function localityOf(labels: Record<string, string>, node: DiscoveryNode): NodeView['locality'] {
  const label = labels['istio-locality'];
  if (label) return parseLocality(label.replaceAll('.', '/'));
  return node.locality ?? { region: '', zone: '', subZone: '' };
}

function clusterId(value: unknown): string {
  return typeof value === 'string' && value !== '' ? value : 'Kubernetes';
}

function stringMap(value: unknown): Record<string, string> {
  const labels: Record<string, string> = {};
  if (typeof value !== 'object' || value === null) return labels;
  for (const [key, each] of Object.entries(value)) if (typeof each === 'string') labels[key] = each;
  return labels;
}
