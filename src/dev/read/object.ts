/** One YAML document as one of Istio's objects. */

import { isMap, isScalar, type YAMLMap } from 'yaml';
import { nearest } from '../../config';
import {
  type DestinationRule,
  destinationRule,
  type ServiceEntry,
  type Sidecar,
  serviceEntry,
  sidecar,
  type VirtualService,
  virtualService,
  type WorkloadEntry,
  workloadEntry,
} from '../api';
import { string } from './scalars';
import { map, message, Reader, type Schema } from './schema';
import type { SourceDocument } from './source';

export interface Specs {
  ServiceEntry: ServiceEntry;
  VirtualService: VirtualService;
  DestinationRule: DestinationRule;
  WorkloadEntry: WorkloadEntry;
  Sidecar: Sidecar;
}
export type Kind = keyof Specs;

export interface IstioObject<K extends Kind = Kind> {
  readonly kind: K;
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: Specs[K];
  /** Milliseconds since the epoch; those without are older than those with. */
  readonly created?: number;
  /** Points into the source, for later checks. */
  readonly reader: Reader;
}

const SPECS: { readonly [K in Kind]: Schema<Specs[K]> } = {
  ServiceEntry: serviceEntry,
  VirtualService: virtualService,
  DestinationRule: destinationRule,
  WorkloadEntry: workloadEntry,
  Sidecar: sidecar,
};
const KINDS = Object.keys(SPECS);

/** Istio's and Kubernetes' other kinds that a mesh folder may well hold. */
const NOT_SERVED = new Set([
  ...['Gateway', 'EnvoyFilter', 'WorkloadGroup', 'ProxyConfig', 'PeerAuthentication', 'AuthorizationPolicy'],
  ...['RequestAuthentication', 'Telemetry', 'WasmPlugin', 'TrafficExtension', 'Service', 'Deployment', 'Pod'],
  ...['ConfigMap', 'Namespace', 'ServiceAccount', 'HTTPRoute', 'GRPCRoute', 'Secret', 'IstioOperator'],
]);

const API_VERSIONS = ['v1', 'v1beta1', 'v1alpha3'].map((version) => `networking.istio.io/${version}`);

const metadata = message(
  'metadata',
  { name: string(), namespace: string(), labels: map(string()), annotations: map(string()) },
  {
    ignored: Object.fromEntries(
      [
        ...['creationTimestamp', 'resourceVersion', 'uid', 'generation', 'managedFields', 'ownerReferences'],
        ...['generateName', 'finalizers', 'selfLink', 'deletionTimestamp', 'deletionGracePeriodSeconds'],
      ].map((key) => [key, 'remove it']),
    ),
  },
);

/** undefined: nothing to serve here, or problems (in the reader) that keep it out. */
export function readIstioObject(document: SourceDocument): {
  readonly object: IstioObject | undefined;
  readonly reader: Reader;
} {
  const reader = new Reader(document);
  const { root } = document;
  if (!isMap(root)) {
    reader.fail(root, 'the document is not an object', 'write `apiVersion`, `kind`, `metadata` and `spec`');
    return { object: undefined, reader };
  }
  return { object: readMap(root, reader), reader };
}

function readMap(root: YAMLMap, reader: Reader): IstioObject | undefined {
  const { document } = reader;
  const child = (key: string) => document.resolve(root.get(key, true));
  const kindNode = child('kind');
  const kind = isScalar(kindNode) ? String(kindNode.value) : '';
  if (kind === '') return reader.fail(root, 'the object has no `kind`', `add one of ${KINDS.join(', ')}`);
  if (NOT_SERVED.has(kind)) {
    return reader.fail(
      kindNode,
      `the kind ${kind} is not served here`,
      'it is left out, all else applies',
      'warning',
    );
  }
  if (!Object.hasOwn(SPECS, kind)) {
    const near = nearest(kind, KINDS);
    const advice = near ? `did you mean ${near}?` : 'it is left out, all else applies';
    return reader.fail(kindNode, `the kind \`${kind}\` is not known`, advice, near ? 'error' : 'warning');
  }
  const versionNode = child('apiVersion');
  const version = isScalar(versionNode) ? String(versionNode.value) : '';
  if (!API_VERSIONS.includes(version)) {
    return reader.fail(
      versionNode ?? root,
      version ? `\`${version}\` is no apiVersion of ${kind}` : 'the object has no `apiVersion`',
      `use one of ${API_VERSIONS.join(', ')}`,
    );
  }
  for (const pair of root.items) {
    const key = isScalar(pair.key) ? String(pair.key.value) : '';
    if (!['apiVersion', 'kind', 'metadata', 'spec', 'status'].includes(key)) {
      reader.fail(
        document.resolve(pair.key),
        `an object has no field \`${key}\``,
        'does it belong under `spec`?',
      );
    }
  }
  return readParts(kind as Kind, child('metadata'), child('spec'), root, reader);
}

function readParts<K extends Kind>(
  kind: K,
  metadataNode: ReturnType<SourceDocument['resolve']>,
  specNode: ReturnType<SourceDocument['resolve']>,
  root: YAMLMap,
  reader: Reader,
): IstioObject<K> | undefined {
  if (!isMap(metadataNode))
    return reader.fail(metadataNode ?? root, `the ${kind} has no metadata`, 'add `metadata.name`');
  const meta = metadata.read(metadataNode, reader);
  // What Kubernetes adds by itself is nobody's mistake.
  dropWarnings(reader);
  if (!meta) return undefined;
  if (!meta.name) return reader.fail(metadataNode, `the ${kind} has no name`, 'add `metadata.name`');
  const namespace = meta.namespace || 'default';
  reader.object = `${kind} ${namespace}/${meta.name}`;
  if (!isMap(specNode))
    return reader.fail(specNode ?? root, 'there is no `spec`', `add the ${kind}'s fields under \`spec\``);
  const spec = SPECS[kind].read(specNode, reader);
  if (!spec) return undefined;
  const { labels = {}, annotations = {} } = meta;
  const { created } = reader.document;
  return { kind, namespace, name: meta.name, labels, annotations, spec, reader, created };
}

function dropWarnings(reader: Reader): void {
  const errors = reader.problems.filter((problem) => problem.severity === 'error');
  reader.problems.splice(0, reader.problems.length, ...errors);
}
