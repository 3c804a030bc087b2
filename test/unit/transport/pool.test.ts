import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { ConnectionPoolSettings, Endpoint } from '../../../src/model';
import { type Connection, Dial, idleLimit, Pools } from '../../../src/transport';

const SETTINGS: ConnectionPoolSettings = {
  connectTimeoutMs: 1_000,
  maxRequestsPerConnection: 0,
  http2: false,
};

describe('how long an idle connection may wait', () => {
  it('four seconds when nothing is said, the hint less one second, the smaller of both', () => {
    assert.equal(idleLimit(undefined, undefined), 4_000);
    assert.equal(idleLimit(undefined, 'timeout=5'), 4_000);
    assert.equal(idleLimit(undefined, 'max=10, timeout=60'), 59_000);
    assert.equal(idleLimit(3_600_000, 'timeout=30'), 29_000);
    assert.equal(idleLimit(2_000, 'timeout=30'), 2_000);
    assert.equal(idleLimit(2_000, undefined), 2_000);
    assert.equal(idleLimit(undefined, 'timeout=1'), 0);
    assert.equal(idleLimit(undefined, 'nonsense'), 4_000);
  });
});

describe('connections to an endpoint', () => {
  let server: Server;
  let endpoint: Endpoint;
  let clock = 0;
  const accepted: Socket[] = [];
  let pools: Pools;

  before(async () => {
    server = createServer((socket) => accepted.push(socket.on('error', () => socket.destroy())));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    endpoint = {
      address: '127.0.0.1',
      port: (server.address() as AddressInfo).port,
      weight: 1,
      health: 'HEALTHY',
    };
  });
  beforeEach(() => {
    pools = new Pools(() => clock, { setTimeout });
  });
  after(() => {
    for (const socket of accepted) socket.destroy();
    server.close();
  });

  async function connect(settings = SETTINGS, key = ''): Promise<Connection> {
    const socket = await new Promise<Socket>(
      (dialled, dialFailed) => new Dial(endpoint, settings, { dialled, dialFailed }),
    );
    return pools.adopt(socket, pools.pool(endpoint, key, settings), settings)!;
  }

  it('the last one used is taken first, each once', async () => {
    const [first, second] = [await connect(), await connect()];
    first.release(clock, undefined);
    first.release(clock, undefined);
    second.release(clock, undefined);
    const pool = pools.pool({ ...endpoint }, '', SETTINGS);
    assert.equal(pool.take(clock), second);
    assert.equal(second.reused, true);
    assert.equal(pool.take(clock), first);
    assert.equal(pool.take(clock), undefined);
    first.socket.destroy();
    second.socket.destroy();
  });

  it('one that waited too long, was closed or has said something is not used', async () => {
    const pool = pools.pool(endpoint, '', SETTINGS);
    const old = await connect();
    old.release(clock, undefined);
    clock += 4_000;
    assert.equal(pool.take(clock), undefined);
    assert.equal(old.socket.destroyed, true);
    const closed = await connect();
    closed.release(clock, undefined);
    closed.socket.destroy();
    await once(closed.socket, 'close');
    assert.equal(pool.take(clock), undefined);
    const talking = await connect();
    talking.release(clock, undefined);
    talking.socket.resume();
    const heard = once(talking.socket, 'data');
    accepted.at(-1)!.write('HTTP/1.1 200 OK\r\n\r\n');
    await heard;
    assert.equal(pool.take(clock), undefined);
  });

  it('after its last allowed request it is closed', async () => {
    const connection = await connect({ ...SETTINGS, maxRequestsPerConnection: 1 });
    connection.release(clock, undefined);
    assert.equal(connection.socket.destroyed, true);
  });

  it('other TLS options are another pool', async () => {
    const connection = await connect(SETTINGS, 'tls');
    connection.release(clock, undefined);
    assert.equal(pools.pool(endpoint, '', SETTINGS).take(clock), undefined);
    assert.equal(pools.pool(endpoint, 'tls', SETTINGS).take(clock), connection);
    connection.socket.destroy();
  });

  it('a connection that was in use while its pool was swept is found again', async () => {
    const connection = await connect(SETTINGS, 'tls');
    const pool = pools.pool(endpoint, 'tls', SETTINGS);
    pool.serve();
    connection.release(clock, undefined);
    assert.equal(pools.pool(endpoint, 'tls', SETTINGS).take(clock), connection);
    connection.socket.destroy();
  });

  it('a refused connection says so, a cancelled one says nothing', async () => {
    const refused = { ...endpoint, port: 1 };
    const error = await new Promise<NodeJS.ErrnoException>(
      (resolve) => new Dial(refused, SETTINGS, { dialled: () => undefined, dialFailed: resolve }),
    );
    assert.equal(error.code, 'ECONNREFUSED');
    const never = (): never => assert.fail('told after the cancellation');
    const cancelled = new Dial(endpoint, SETTINGS, { dialled: never, dialFailed: never });
    cancelled.cancel();
    cancelled.cancel();
    await new Promise(setImmediate);
  });
});
