/** MetadataService of a provider that speaks the dubbo protocol: one call, hessian2 in a 16-byte frame. */

import { connect } from 'node:net';
import { DecoderV2, EncoderV2 } from 'hessian.js';
import type { MetadataInfo } from '../revision';
import type { MetadataCall } from './tri';

const SERVICE = 'org.apache.dubbo.metadata.MetadataService';
const MAGIC = 0xdabb;
/** Request, an answer is wanted, serialization 2 (hessian2). */
const REQUEST_FLAGS = 0xc2;
const ANSWER_FLAGS = 0x02;
const HEADER_BYTES = 16;
const MOST_BYTES = 64 * 1024 * 1024;
const STATUS_OK = 20;
/** Of a bridge, one call per connection: any number does. */
const CALL_ID = 1n;

/** Rejects with one sentence. */
export function askDubbo(call: MetadataCall): Promise<MetadataInfo> {
  const { address, port, timeoutMs } = call;
  const where = `its MetadataService at dubbo://${address.includes(':') ? `[${address}]` : address}:${port}`;
  return new Promise((resolve, reject) => {
    let received: Buffer = Buffer.alloc(0);
    const socket = connect({ host: address, port });
    const end = (reason: string | undefined, info?: MetadataInfo) => {
      clearTimeout(timer);
      socket.destroy();
      if (info) resolve(info);
      else reject(new Error(`${where} ${reason}`));
    };
    const timer = setTimeout(() => end('gives no answer'), timeoutMs);
    socket.once('connect', () => socket.write(request(call)));
    socket.once('error', (error) => end(`cannot be reached: ${error.message}`));
    socket.once('close', () => end('closed the connection without an answer'));
    socket.on('data', (chunk: Buffer) => {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
      const answer = readAnswer(received);
      if (answer === undefined) return;
      if (typeof answer === 'string') end(answer);
      else if ('rest' in answer) received = answer.rest;
      else end(undefined, answer.info);
    });
  });
}

/** The frame of `getMetadataInfo(revision)`: Dubbo's DubboCodec.encodeRequestData. The service's group is the application. */
export function request({ application, revision }: Pick<MetadataCall, 'application' | 'revision'>): Buffer {
  const encoder = new EncoderV2();
  for (const text of ['2.0.2', SERVICE, '1.0.0', 'getMetadataInfo', 'Ljava/lang/String;', revision])
    encoder.write(text);
  encoder.write({ path: SERVICE, interface: SERVICE, version: '1.0.0', group: application });
  const body: Buffer = encoder.get();
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(MAGIC, 0);
  header.writeUInt8(REQUEST_FLAGS, 2);
  header.writeBigUInt64BE(CALL_ID, 4);
  header.writeUInt32BE(body.length, 12);
  return Buffer.concat([header, body]);
}

type Answer = { readonly info: MetadataInfo } | { readonly rest: Buffer } | string | undefined;

/** Undefined: more bytes are needed. `rest`: what follows a frame that is none of ours, such as a heartbeat. A string says what is wrong. */
export function readAnswer(bytes: Buffer): Answer {
  if (bytes.length < HEADER_BYTES) return undefined;
  if (bytes.readUInt16BE(0) !== MAGIC) return 'does not speak the dubbo protocol';
  const length = bytes.readUInt32BE(12);
  if (length > MOST_BYTES) return `announces an answer of ${length} bytes`;
  if (bytes.length < HEADER_BYTES + length) return undefined;
  const flags = bytes.readUInt8(2);
  const status = bytes.readUInt8(3);
  if (flags !== ANSWER_FLAGS) return { rest: bytes.subarray(HEADER_BYTES + length) };
  return readBody(status, bytes.subarray(HEADER_BYTES, HEADER_BYTES + length));
}

/** DubboCodec.decodeBody: for a good status first a number that says what follows, else the error's text. */
function readBody(status: number, body: Buffer): Answer {
  try {
    const decoder = new DecoderV2(body);
    const first: unknown = decoder.read();
    if (status !== STATUS_OK) return `refuses: ${firstLine(first)}`;
    // 2 and 5: null, without and with attachments.
    if (first === 2 || first === 5) return 'does not know the revision';
    const value: unknown = decoder.read();
    if (first !== 1 && first !== 4) return `refuses: ${firstLine(messageOf(value))}`;
    return typeof value === 'object' && value !== null ? { info: value } : 'does not know the revision';
  } catch (error) {
    return `gives an answer that cannot be read: ${firstLine(messageOf(error))}`;
  }
}

function messageOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'message' in value ? value.message : value;
}

function firstLine(text: unknown): string {
  return String(text).split('\n')[0]!.slice(0, 200);
}
