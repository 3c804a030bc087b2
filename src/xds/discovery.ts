/**
 * Requests and responses of the aggregated discovery service, as plain objects, and its gRPC definition for
 * client and server. Bytes of resources share memory with the received message: copy what is kept for long.
 */

import type { MethodDefinition } from '@grpc/grpc-js';
import { type AnyValue, fromStruct, type Json, toStruct } from './any';
import { decodeMessage, pb } from './pb';

const v3 = pb.envoy.service.discovery.v3;

export interface NodeLocality {
  readonly region: string;
  readonly zone: string;
  readonly subZone: string;
}

/** Who asks. istiod wants it on the first request of a stream. */
export interface DiscoveryNode {
  readonly id: string;
  readonly cluster?: string;
  readonly metadata: { readonly [key: string]: Json };
  readonly locality?: NodeLocality;
  readonly userAgentName?: string;
  readonly userAgentVersion?: string;
}

/** google.rpc.Status: a request that has one is a NACK. */
export interface ErrorDetail {
  readonly code: number;
  readonly message: string;
}

export interface DeltaRequest {
  readonly typeUrl: string;
  readonly node?: DiscoveryNode;
  readonly subscribe?: readonly string[];
  readonly unsubscribe?: readonly string[];
  /** Versions by resource name that the client still has; only on the first request of a type on a stream. */
  readonly initialResourceVersions?: { readonly [name: string]: string };
  /** Nonce of the response that this acknowledges; empty = a subscription change. */
  readonly responseNonce?: string;
  readonly errorDetail?: ErrorDetail;
}

export interface DeltaResource extends AnyValue {
  readonly name: string;
  readonly version: string;
}

export interface DeltaResponse {
  readonly typeUrl: string;
  readonly nonce: string;
  readonly systemVersionInfo: string;
  readonly resources: readonly DeltaResource[];
  readonly removedResources: readonly string[];
  /** What the server says of itself; empty if nothing. */
  readonly controlPlane?: string;
}

export interface SotwRequest {
  readonly typeUrl: string;
  readonly node?: DiscoveryNode;
  /** Version of the last accepted response. */
  readonly versionInfo?: string;
  readonly resourceNames?: readonly string[];
  readonly responseNonce?: string;
  readonly errorDetail?: ErrorDetail;
}

export interface SotwResponse {
  readonly typeUrl: string;
  readonly nonce: string;
  readonly versionInfo: string;
  readonly resources: readonly AnyValue[];
  readonly controlPlane?: string;
}

export function encodeDeltaRequest(request: DeltaRequest): Buffer {
  return toBuffer(
    v3.DeltaDiscoveryRequest.encode({
      node: request.node && nodeToPb(request.node),
      typeUrl: request.typeUrl,
      resourceNamesSubscribe: [...(request.subscribe ?? [])],
      resourceNamesUnsubscribe: [...(request.unsubscribe ?? [])],
      initialResourceVersions: request.initialResourceVersions ?? {},
      responseNonce: request.responseNonce,
      errorDetail: request.errorDetail,
    }),
  );
}

/** Throws on malformed bytes; grpc-js turns that into a status. The same holds for the other decoders here. */
export function decodeDeltaRequest(bytes: Uint8Array): DeltaRequest {
  const m = decodeMessage(v3.DeltaDiscoveryRequest, bytes);
  return {
    typeUrl: m.typeUrl,
    node: m.node ? nodeFromPb(m.node) : undefined,
    subscribe: m.resourceNamesSubscribe,
    unsubscribe: m.resourceNamesUnsubscribe,
    initialResourceVersions: m.initialResourceVersions,
    responseNonce: m.responseNonce,
    errorDetail: errorFromPb(m.errorDetail),
  };
}

export function encodeDeltaResponse(response: DeltaResponse): Buffer {
  return toBuffer(
    v3.DeltaDiscoveryResponse.encode({
      systemVersionInfo: response.systemVersionInfo,
      typeUrl: response.typeUrl,
      nonce: response.nonce,
      removedResources: [...response.removedResources],
      controlPlane: response.controlPlane ? { identifier: response.controlPlane } : undefined,
      resources: response.resources.map((r) => ({
        name: r.name,
        version: r.version,
        resource: { type_url: r.typeUrl, value: r.value },
      })),
    }),
  );
}

export function decodeDeltaResponse(bytes: Uint8Array): DeltaResponse {
  const m = decodeMessage(v3.DeltaDiscoveryResponse, bytes);
  return {
    typeUrl: m.typeUrl,
    nonce: m.nonce,
    systemVersionInfo: m.systemVersionInfo,
    removedResources: m.removedResources,
    controlPlane: m.controlPlane?.identifier ?? undefined,
    resources: m.resources.map((r) => ({
      name: r.name ?? '',
      version: r.version ?? '',
      ...anyFromPb(r.resource),
    })),
  };
}

export function encodeSotwRequest(request: SotwRequest): Buffer {
  return toBuffer(
    v3.DiscoveryRequest.encode({
      versionInfo: request.versionInfo,
      node: request.node && nodeToPb(request.node),
      resourceNames: [...(request.resourceNames ?? [])],
      typeUrl: request.typeUrl,
      responseNonce: request.responseNonce,
      errorDetail: request.errorDetail,
    }),
  );
}

export function decodeSotwRequest(bytes: Uint8Array): SotwRequest {
  const m = decodeMessage(v3.DiscoveryRequest, bytes);
  return {
    typeUrl: m.typeUrl,
    node: m.node ? nodeFromPb(m.node) : undefined,
    versionInfo: m.versionInfo,
    resourceNames: m.resourceNames,
    responseNonce: m.responseNonce,
    errorDetail: errorFromPb(m.errorDetail),
  };
}

export function encodeSotwResponse(response: SotwResponse): Buffer {
  return toBuffer(
    v3.DiscoveryResponse.encode({
      versionInfo: response.versionInfo,
      typeUrl: response.typeUrl,
      nonce: response.nonce,
      controlPlane: response.controlPlane ? { identifier: response.controlPlane } : undefined,
      resources: response.resources.map((r) => ({ type_url: r.typeUrl, value: r.value })),
    }),
  );
}

export function decodeSotwResponse(bytes: Uint8Array): SotwResponse {
  const m = decodeMessage(v3.DiscoveryResponse, bytes);
  return {
    typeUrl: m.typeUrl,
    nonce: m.nonce,
    versionInfo: m.versionInfo,
    controlPlane: m.controlPlane?.identifier ?? undefined,
    resources: m.resources.map(anyFromPb),
  };
}

const SERVICE = '/envoy.service.discovery.v3.AggregatedDiscoveryService';

/**
 * For grpc-js, both sides: `server.addService(aggregatedDiscoveryService, handlers)`,
 * `client.makeBidiStreamRequest(m.path, m.requestSerialize, m.responseDeserialize, metadata)`.
 */
export const aggregatedDiscoveryService: {
  readonly StreamAggregatedResources: MethodDefinition<SotwRequest, SotwResponse>;
  readonly DeltaAggregatedResources: MethodDefinition<DeltaRequest, DeltaResponse>;
} = {
  StreamAggregatedResources: {
    path: `${SERVICE}/StreamAggregatedResources`,
    requestStream: true,
    responseStream: true,
    requestSerialize: encodeSotwRequest,
    requestDeserialize: decodeSotwRequest,
    responseSerialize: encodeSotwResponse,
    responseDeserialize: decodeSotwResponse,
  },
  DeltaAggregatedResources: {
    path: `${SERVICE}/DeltaAggregatedResources`,
    requestStream: true,
    responseStream: true,
    requestSerialize: encodeDeltaRequest,
    requestDeserialize: decodeDeltaRequest,
    responseSerialize: encodeDeltaResponse,
    responseDeserialize: decodeDeltaResponse,
  },
};

function toBuffer(writer: { finish(): Uint8Array }): Buffer {
  const bytes = writer.finish();
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function nodeToPb(node: DiscoveryNode): pb.envoy.config.core.v3.Node.$Properties {
  return {
    id: node.id,
    cluster: node.cluster,
    metadata: toStruct(node.metadata),
    locality: node.locality,
    userAgentName: node.userAgentName,
    userAgentVersion: node.userAgentVersion,
  };
}

function nodeFromPb(node: pb.envoy.config.core.v3.Node.$Properties): DiscoveryNode {
  const { region, zone, subZone } = node.locality ?? {};
  return {
    id: node.id ?? '',
    cluster: node.cluster ?? '',
    metadata: fromStruct(node.metadata),
    locality: { region: region ?? '', zone: zone ?? '', subZone: subZone ?? '' },
    userAgentName: node.userAgentName ?? '',
    userAgentVersion: node.userAgentVersion ?? '',
  };
}

function errorFromPb(status: pb.google.rpc.Status.$Properties | null | undefined): ErrorDetail | undefined {
  return status ? { code: status.code ?? 0, message: status.message ?? '' } : undefined;
}

function anyFromPb(any: pb.google.protobuf.Any.$Properties | null | undefined): AnyValue {
  return { typeUrl: any?.type_url ?? '', value: any?.value ?? new Uint8Array(0) };
}
