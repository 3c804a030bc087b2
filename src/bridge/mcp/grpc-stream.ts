/**
 * One gRPC call of Node's HTTP/2 server, both ways a stream of messages. Of its own, because a message here is a list of
 * buffers that all calls share: a gRPC library copies each message into one buffer per call, which for five control
 * planes and ten thousand services is a hundred megabytes at every push.
 */

import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { gunzipSync } from 'node:zlib';

/** gRPC's status codes, as far as they are said here. */
export const STATUS = { ok: 0, invalidArgument: 3, unimplemented: 12, unavailable: 14 } as const;

const PREFIX = 5;
/** Requests are small; what claims to be larger is no request. */
const MAX_MESSAGE = 16 * 1024 * 1024;

export interface GrpcHandler {
  /** May throw an Error: the call ends with INVALID_ARGUMENT. */
  message(bytes: Buffer): void;
  /** Once, however the call ended. */
  closed(reason: string): void;
}

export class GrpcStream {
  private unread: Buffer = Buffer.alloc(0);
  private handler: GrpcHandler | undefined;
  private status: { code: number; message: string } | undefined;
  private reason = 'the connection ended';

  constructor(
    private readonly stream: ServerHttp2Stream,
    private readonly headers: IncomingHttpHeaders,
  ) {}

  open(handler: GrpcHandler): void {
    const { stream } = this;
    this.handler = handler;
    // Without a listener an error of the connection would end the process; `close` follows and tells the handler.
    stream.on('error', (error) => {
      this.reason = error.message;
    });
    stream.on('close', () => {
      const { handler: known } = this;
      this.handler = undefined;
      known?.closed(this.reason);
    });
    stream.on('data', (chunk: Buffer) => this.read(chunk));
    stream.on('end', () => this.end(STATUS.ok, '', 'the client ended the stream'));
    stream.on('wantTrailers', () => this.sendTrailers());
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  }

  /** One message in pieces, none of which may change any more. `written`: the connection has taken the last byte. */
  write(pieces: readonly Buffer[], written: () => void): void {
    const { stream } = this;
    if (stream.destroyed || stream.writableEnded) return;
    const prefix = Buffer.alloc(PREFIX);
    prefix.writeUInt32BE(
      pieces.reduce((sum, { length }) => sum + length, 0),
      1,
    );
    const last = pieces.length - 1;
    stream.cork();
    stream.write(prefix);
    pieces.forEach((piece, i) => {
      if (i < last) stream.write(piece);
      else stream.write(piece, (error) => !error && written());
    });
    stream.uncork();
  }

  end(code: number, message: string, reason = message): void {
    if (this.stream.writableEnded) return;
    this.status = { code, message };
    this.reason = reason;
    this.stream.end();
  }

  private sendTrailers(): void {
    const { code, message } = this.status ?? { code: STATUS.ok, message: '' };
    this.stream.sendTrailers({ 'grpc-status': String(code), 'grpc-message': encodeURIComponent(message) });
    // The call is over, whether or not the client has ended its side.
    setImmediate(() => this.stream.close(constants.NGHTTP2_NO_ERROR));
  }

  private read(chunk: Buffer): void {
    this.unread = this.unread.length === 0 ? chunk : Buffer.concat([this.unread, chunk]);
    try {
      for (;;) {
        const message = this.next();
        if (!message) return;
        this.handler?.message(message);
      }
    } catch (error) {
      this.unread = Buffer.alloc(0);
      this.end(STATUS.invalidArgument, (error as Error).message);
    }
  }

  private next(): Buffer | undefined {
    const { unread } = this;
    if (unread.length < PREFIX || this.stream.writableEnded) return undefined;
    const length = unread.readUInt32BE(1);
    if (length > MAX_MESSAGE) throw new Error(`a request of ${length} bytes is too large`);
    if (unread.length < PREFIX + length) return undefined;
    const message = unread.subarray(PREFIX, PREFIX + length);
    this.unread = unread.subarray(PREFIX + length);
    if (unread[0] === 0) return message;
    const encoding = this.headers['grpc-encoding'];
    if (encoding !== 'gzip') throw new Error(`requests compressed by ${encoding} cannot be read`);
    return gunzipSync(message, { maxOutputLength: MAX_MESSAGE });
  }
}
