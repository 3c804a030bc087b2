/** gRPC over HTTP/2 from the wire's side: what a client may send, and what it is answered. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
} from 'node:http2';
import { gzipSync } from 'node:zlib';
import { GrpcServer } from '../../../../src/bridge/mcp/grpc-server';
import { type GrpcStream, STATUS } from '../../../../src/bridge/mcp/grpc-stream';

function framed(message: string | Buffer, compressed = 0): Buffer {
  const bytes = Buffer.from(message);
  const prefix = Buffer.alloc(5);
  prefix[0] = compressed;
  prefix.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([prefix, bytes]);
}

describe('bridge: gRPC', () => {
  let server: GrpcServer;
  let session: ClientHttp2Session;
  let call: GrpcStream;
  const seen: string[] = [];

  beforeEach(async () => {
    seen.length = 0;
    const echo = (stream: GrpcStream) => {
      call = stream;
      stream.open({
        message: (bytes) => {
          seen.push(bytes.toString());
          if (bytes.toString() === 'bad') throw new Error('it is bad: 100 %');
          stream.write([bytes.subarray(0, 1), bytes.subarray(1)], () => seen.push('written'));
        },
        closed: (reason) => seen.push(`closed: ${reason}`),
      });
    };
    server = new GrpcServer({ host: '127.0.0.1', port: 0, methods: { '/Echo/Talk': echo } });
    await server.listen();
    session = connect(`http://127.0.0.1:${server.port}`);
    session.on('error', (error) => seen.push(error.message));
  });
  afterEach(async () => {
    session.destroy();
    await server.close(1_000);
  });

  function talk(headers: Readonly<Record<string, string>> = {}): ClientHttp2Stream {
    const all = { ':method': 'POST', ':path': '/Echo/Talk', 'content-type': 'application/grpc', ...headers };
    const stream = session.request(all);
    stream.on('error', (error) => seen.push(`client: ${error.message}`));
    return stream;
  }

  /** Everything until the end: messages and trailers. */
  async function ended(stream: ClientHttp2Stream) {
    let bytes = Buffer.alloc(0);
    let trailers: IncomingHttpHeaders = {};
    stream.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
    });
    stream.on('trailers', (received: IncomingHttpHeaders) => {
      trailers = received;
    });
    await once(stream, 'close');
    const messages: string[] = [];
    while (bytes.length > 0) {
      const end = 5 + bytes.readUInt32BE(1);
      messages.push(bytes.toString('utf8', 5, end));
      bytes = bytes.subarray(end);
    }
    return {
      messages,
      status: Number(trailers['grpc-status']),
      message: decodeURIComponent(String(trailers['grpc-message'] ?? '')),
    };
  }

  it('messages in any pieces, answers whole; the end of the client is the end of the call', async () => {
    const stream = talk();
    const result = ended(stream);
    const bytes = Buffer.concat([framed('one'), framed('two'), framed('three')]);
    for (const byte of bytes) stream.write(Buffer.from([byte]));
    stream.end();
    const { messages, status } = await result;
    assert.deepEqual([messages, status], [['one', 'two', 'three'], STATUS.ok]);
    assert.equal(seen.filter((each) => each === 'written').length, 3);
    assert.equal(seen.at(-1), 'closed: the client ended the stream');
  });

  it('a message that is refused ends the call with the reason', async () => {
    const stream = talk();
    const result = ended(stream);
    stream.write(framed('bad'));
    stream.write(framed('never seen'));
    assert.deepEqual(await result, {
      messages: [],
      status: STATUS.invalidArgument,
      message: 'it is bad: 100 %',
    });
    assert.deepEqual(
      seen.filter((each) => each !== 'written'),
      ['bad', 'closed: it is bad: 100 %'],
    );
  });

  it('gzip is understood, anything else is refused', async () => {
    const zipped = talk({ 'grpc-encoding': 'gzip' });
    const result = ended(zipped);
    zipped.end(framed(gzipSync('packed'), 1));
    assert.deepEqual((await result).messages, ['packed']);
    const other = talk({ 'grpc-encoding': 'snappy' });
    const refused = ended(other);
    other.write(framed('packed', 1));
    assert.equal((await refused).message, 'requests compressed by snappy cannot be read');
  });

  it('what claims to be huge is refused before it is read', async () => {
    const stream = talk();
    const result = ended(stream);
    stream.write(Buffer.from([0, 0xff, 0xff, 0xff, 0xff]));
    assert.match((await result).message, /^a request of 4294967295 bytes is too large$/);
  });

  it('an unknown method is UNIMPLEMENTED, and what is no gRPC is 415', async () => {
    const { status, message } = await ended(talk({ ':path': '/Echo/Other' }));
    assert.deepEqual([status, message], [STATUS.unimplemented, 'there is no /Echo/Other']);
    const plain = talk({ 'content-type': 'application/json' });
    const [headers] = await once(plain, 'response');
    assert.equal(headers[':status'], 415);
  });

  it('a client that breaks off is told to the handler; writing to it then does nothing', async () => {
    const stream = talk();
    stream.write(framed('hello'));
    await once(stream, 'data');
    session.destroy();
    while (!seen.some((each) => each.startsWith('closed')))
      await new Promise((resolve) => setImmediate(resolve));
    call.write([Buffer.from('late')], () => assert.fail('written'));
    call.end(STATUS.ok, '');
  });

  it('one response may be larger than what Node lets a session hold, and a second call of the connection goes on', async () => {
    const stream = talk();
    stream.write(framed('hello'));
    await once(stream, 'data');
    stream.pause();
    const piece = Buffer.alloc(1 << 20, 'x');
    const written = new Promise<void>((resolve) => {
      call.write(
        Array.from({ length: 24 }, () => piece),
        resolve,
      );
    });
    const second = talk();
    const result = ended(second);
    second.end(framed('also'));
    assert.deepEqual((await result).messages, ['also']);
    stream.resume();
    await written;
  });
});
