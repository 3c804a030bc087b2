/**
 * The generated message classes (from `proto/`, by `scripts/proto.js`), to encode and decode:
 * `pb.envoy.config.route.v3.RouteConfiguration.encode({ name: '80', virtualHosts: [] }).finish()`.
 */

import { Reader } from 'protobufjs/minimal';
import * as pb from '../../build/proto/index.js';

export { pb };

/** A generated class that can decode. */
export interface MessageType<T> {
  decode(reader: Reader, length?: number): T;
}

/** Decodes without keeping unknown fields. Throws on malformed bytes; byte fields share memory with `bytes`. */
export function decodeMessage<T>(type: MessageType<T>, bytes: Uint8Array): T {
  const reader = Reader.create(bytes);
  reader.discardUnknown = true;
  return type.decode(reader);
}
