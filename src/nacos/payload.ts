/**
 * Nacos' gRPC framing: a Payload names the message's class in its metadata and carries it as JSON bytes in an Any
 * without type URL. Headers travel beside the JSON, never inside.
 */

import type { MethodDefinition } from '@grpc/grpc-js';
import { Reader } from 'protobufjs/minimal';
import * as pb from '../../build/proto/index.js';

export interface Message<Body = unknown> {
  /** The simple name of Nacos' class, such as `SubscribeServiceRequest`. */
  readonly type: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Body;
}

export function encodeMessage({ type, headers, body }: Message): Buffer {
  const bytes = pb.nacos.Payload.encode({
    metadata: { type, headers: { ...headers } },
    body: { value: Buffer.from(JSON.stringify(body)) },
  }).finish();
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Throws on bytes that are no Payload, and on a body that is no JSON. */
export function decodeMessage(bytes: Uint8Array): Message {
  const reader = Reader.create(bytes);
  reader.discardUnknown = true;
  const { metadata, body } = pb.nacos.Payload.decode(reader);
  const value = body?.value ?? new Uint8Array();
  const text = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8');
  return {
    type: metadata?.type ?? '',
    headers: metadata?.headers ?? {},
    body: text === '' ? {} : JSON.parse(text),
  };
}

function method(path: string, streams: boolean): MethodDefinition<Message, Message> {
  return {
    path,
    requestStream: streams,
    responseStream: streams,
    requestSerialize: encodeMessage,
    requestDeserialize: decodeMessage,
    responseSerialize: encodeMessage,
    responseDeserialize: decodeMessage,
  };
}

/** One request, one response. */
export const REQUEST = method('/Request/request', false);
/** Set-up and pushes: requests of the server, responses of the client. */
export const BI_STREAM = method('/BiRequestStream/requestBiStream', true);

/** Of one message; Nacos' own limit, in both directions. */
export const MAX_MESSAGE_BYTES = 10 * 1024 * 1024;
