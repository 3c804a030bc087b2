/** One entry as an MCP resource on the wire. */

import { createHash } from 'node:crypto';
import { Writer } from 'protobufjs/minimal';
import { pb } from '../../xds';
import type { ServedEntry, ServedSidecar } from '../model';

const { ServiceEntry } = pb.istio.networking.v1alpha3;
const { Resource } = pb.istio.mcp.v1alpha1;

const RESOURCE_TYPE = 'type.googleapis.com/istio.mcp.v1alpha1.Resource';
/** The package stays v1alpha3 in every version of Istio, although the kind is asked for as v1. */
const BODY_TYPE = 'type.googleapis.com/istio.networking.v1alpha3.';

/**
 * 2100-01-01T00:00:00Z, for every resource: of two ServiceEntries with one host istiod takes the older one, so
 * a user's own wins; left out it would count as 1970. A constant, so that replicas and restarts agree.
 */
const CREATE_TIME = { seconds: Date.UTC(2100, 0, 1) / 1000, nanos: 0 };

/** Fields 2, 1 and 2, length-delimited: the Any in the message around it, and `type_url` and `value` in that. */
const ANY_TAG = 0x12;
const TYPE_URL_TAG = 0x0a;
const VALUE_TAG = 0x12;

export interface EncodedResource {
  /** Hash of the content: equal content is the same version in every replica and after every restart. */
  readonly version: string;
  /**
   * A `google.protobuf.Any` with tag and length, as field 2. That is where DiscoveryResponse (`resources`) and the
   * delta protocol's Resource (`resource`) have it, so the same bytes serve both.
   */
  readonly bytes: Uint8Array;
}

export function encodeResource(served: ServedEntry | ServedSidecar): EncodedResource {
  const name = `${served.namespace}/${served.name}`;
  if ('hosts' in served) return encode(name, 'Sidecar', served.labels, {}, sidecarBody(served));
  return encode(name, 'ServiceEntry', served.labels, served.annotations, entryBody(served));
}

function entryBody(entry: ServedEntry): Uint8Array {
  return ServiceEntry.encode({
    hosts: [entry.host],
    addresses: [...entry.addresses],
    ports: entry.ports.map(({ number, name: port, protocol }) => ({ number, name: port, protocol })),
    location: ServiceEntry.Location[entry.location],
    resolution: ServiceEntry.Resolution[entry.resolution],
    exportTo: [...entry.exportTo],
    endpoints: entry.endpoints.map(
      ({ address, ports, labels, locality, weight, network, serviceAccount }) => ({
        address,
        ports,
        labels,
        weight,
        // An empty text costs bytes on the wire and means the same as none.
        locality: locality || undefined,
        network: network || undefined,
        serviceAccount: serviceAccount || undefined,
      }),
    ),
  }).finish();
}

/** Fields 1 (`workload_selector`) with its 1 (`labels`, a map) and 3 (`egress`) with its 4 (`hosts`). */
function sidecarBody({ selector, hosts }: ServedSidecar): Uint8Array {
  const writer = Writer.create().uint32(0x0a).fork();
  for (const [key, value] of Object.entries(selector))
    writer.uint32(0x0a).fork().uint32(0x0a).string(key).uint32(0x12).string(value).ldelim();
  writer.ldelim().uint32(0x1a).fork();
  for (const host of hosts) writer.uint32(0x22).string(host);
  return writer.ldelim().finish();
}

function encode(
  name: string,
  kind: string,
  labels: Readonly<Record<string, string>>,
  annotations: Readonly<Record<string, string>>,
  body: Uint8Array,
): EncodedResource {
  const version = contentHash(body, JSON.stringify([name, labels, annotations]));
  const metadata = {
    name,
    createTime: CREATE_TIME,
    version,
    labels: { ...labels },
    annotations: { ...annotations },
  };
  // One writer through all layers: a buffer for each of ten thousand resources and layers is a lot of garbage.
  const writer = Writer.create().uint32(ANY_TAG).fork().uint32(TYPE_URL_TAG).string(RESOURCE_TYPE);
  Resource.encode(
    { metadata, body: { type_url: BODY_TYPE + kind, value: body } },
    writer.uint32(VALUE_TAG).fork(),
  );
  const bytes = writer.ldelim().ldelim().finish();
  return { version, bytes };
}

/** 96 bits of SHA-256, as text. */
export function contentHash(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('base64url').slice(0, 16);
}
