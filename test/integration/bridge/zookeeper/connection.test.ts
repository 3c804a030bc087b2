/** Servers that are no ZooKeeper, or one gone mad: each ends in a sentence, none in an exception. */
import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import fc from 'fast-check';
import { ZooKeeperConnection } from '../../../../src/bridge/source/zookeeper/connection';

/** ConnectResponse: protocol 0, session time 9 s, session 1, a password of 16 bytes. */
const CONNECTED = framed(
  Buffer.from(`00000000${'00002328'}${'0000000000000001'}00000010${'00'.repeat(16)}`, 'hex'),
);

function framed(body: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length);
  return Buffer.concat([length, body]);
}

/** A reply: number of the request, transaction, error code, then the rest. */
function reply(xid: number, code: number, rest: Buffer = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(16);
  header.writeInt32BE(xid, 0);
  header.writeInt32BE(code, 12);
  return framed(Buffer.concat([header, rest]));
}

describe('a connection to what should be a ZooKeeper', function () {
  this.timeout(60_000);
  let server: Server | undefined;
  const sockets = new Set<Socket>();

  /** Opens a connection to a server that does this with each. */
  async function open(
    talk: (socket: Socket) => void,
    connectTimeoutMs = 30_000,
    signal?: AbortSignal,
  ): Promise<ZooKeeperConnection> {
    server = createServer((socket) => {
      sockets.add(socket);
      // A client that gives up resets the connection.
      socket.on('error', () => socket.destroy());
      talk(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const options = { host: '127.0.0.1', port, chroot: '', digest: undefined, sessionTimeoutMs: 9_000 };
    return ZooKeeperConnection.open({ ...options, connectTimeoutMs, ...(signal && { signal }) });
  }

  function end(): void {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    server?.close();
    server = undefined;
  }

  afterEach(end);

  it('one that accepts and is silent', () =>
    assert.rejects(
      open(() => undefined, 100),
      /^Error: 127\.0\.0\.1:\d+: no answer within 100 ms$/,
    ));

  it('one that is no longer wanted before it answered', async () => {
    const wanted = new AbortController();
    const opening = open(() => wanted.abort(), 30_000, wanted.signal);
    await assert.rejects(opening, /it is no longer wanted$/);
  });

  it('one that hangs up', () =>
    assert.rejects(
      open((socket) => void socket.end()),
      /^Error: 127\.0\.0\.1:\d+: the server closed the connection$/,
    ));

  it('one that refuses the session', () =>
    assert.rejects(
      open((socket) => void socket.write(framed(Buffer.alloc(36)))),
      /the session has expired/,
    ));

  it('one that speaks HTTP', () =>
    assert.rejects(
      open((socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
      /the server closed the connection/,
    ));

  it('an error code that the library does not know ends the connection, not the process', () =>
    assert.rejects(
      open((socket) => {
        socket.write(CONNECTED);
        socket.once('data', () => socket.write(reply(0, -118)));
      }),
      /an answer cannot be understood: Unknown code: -118/,
    ));

  it('after it was opened, its end is told and every question is answered', async () => {
    const connection = await open((socket) => {
      socket.write(CONNECTED);
      let questions = 0;
      socket.on('data', () => {
        if (questions++ === 0) socket.write(reply(0, -101));
        else socket.destroy();
      });
    });
    assert.equal(connection.hasRoot, false);
    const asked = Promise.allSettled([
      connection.children('/a'),
      connection.data('/b'),
      connection.exists('/c'),
    ]);
    assert.match(await connection.ended, /^127\.0\.0\.1:\d+: /);
    assert.deepEqual(
      (await asked).map(({ status }) => status),
      ['rejected', 'rejected', 'rejected'],
    );
    await assert.rejects(connection.children('/late'));
    await connection.close();
  });

  it('property: random frames never throw', async () => {
    const frames = fc.array(
      fc.oneof(
        fc.uint8Array({ maxLength: 60 }),
        fc.integer().map((code) => reply(0, code)),
      ),
    );
    await fc.assert(
      fc.asyncProperty(fc.boolean(), frames, async (isConnected, all) => {
        const bytes = [
          isConnected ? CONNECTED : Buffer.alloc(0),
          ...all.map((each) => framed(Buffer.from(each))),
        ];
        const connection = await open((socket) => void socket.end(Buffer.concat(bytes))).catch(
          (error) => error,
        );
        if (connection instanceof ZooKeeperConnection) await connection.close();
        else assert.match(connection.message, /^127\.0\.0\.1:\d+: /);
        end();
      }),
      { seed: 9, numRuns: 50 },
    );
  });
});
