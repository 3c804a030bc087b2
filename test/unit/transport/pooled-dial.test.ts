/** Who waits for a connection takes the first that is there: its own, or another that becomes free (Envoy's pending requests). */

import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Endpoint } from '../../../src/model';
import { type Connection, PooledDial, type PooledDialListener, Pools } from '../../../src/transport';

const SETTINGS = { connectTimeoutMs: 5_000, maxRequestsPerConnection: 0, http2: false };

/** Keeps what it is told, in order. */
class Listener implements PooledDialListener {
  readonly told: string[] = [];
  connection: Connection | undefined;
  private waiting: (() => void) | undefined;

  constructor(private readonly pools: Pools) {}

  dialled(socket: Socket): void {
    this.connection = this.pools.adopt(socket, this.pools.pool(endpointOf(socket), '', SETTINGS), SETTINGS);
    this.tell('dialled');
  }

  handed(connection: Connection): void {
    this.connection = connection;
    this.tell('handed');
  }

  spare(socket: Socket, pool: ReturnType<Pools['pool']>): void {
    this.pools.adopt(socket, pool, SETTINGS)?.release(0, undefined);
    this.tell('spare');
  }

  dialFailed(error: Error): void {
    this.tell(error.message);
  }

  /** Until it was told so, or anything. */
  async until(what?: string): Promise<void> {
    while (what === undefined ? this.told.length === 0 : this.told.at(-1) !== what) {
      await new Promise<void>((resolve) => {
        this.waiting = resolve;
      });
    }
  }

  private tell(what: string): void {
    this.told.push(what);
    this.waiting?.();
  }
}

function endpointOf({ remotePort = 0 }: Socket): Endpoint {
  return { address: '127.0.0.1', port: remotePort, weight: 1, health: 'HEALTHY' };
}

describe('waiting for a connection', () => {
  const accepted: Socket[] = [];
  let server: Server;
  let endpoint: Endpoint;
  let pools: Pools;

  before(async () => {
    server = createServer((socket) => accepted.push(socket.on('error', () => socket.destroy())));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    endpoint = { address: '127.0.0.1', port, weight: 1, health: 'HEALTHY' };
  });
  beforeEach(() => {
    pools = new Pools(() => 0, { setTimeout });
  });
  after(() => {
    for (const socket of accepted) socket.destroy();
    server.close();
  });

  function wait(limit?: { connections: number; pending: number; mayConnect: boolean }) {
    const listener = new Listener(pools);
    const dial = new PooledDial(pools.pool(endpoint, '', SETTINGS), limit, endpoint, SETTINGS, listener);
    dial.start();
    return { listener, dial };
  }

  it('its own connection, where no other becomes free', async () => {
    const { listener } = wait();
    await listener.until('dialled');
    assert.deepEqual(listener.told, ['dialled']);
    listener.connection!.socket.destroy();
  });

  for (const limit of [undefined, { connections: 0, pending: 0, mayConnect: true }]) {
    it(`another that becomes free first; its own is for the next${limit ? ', under a limit' : ''}`, async () => {
      const first = wait(limit);
      await first.listener.until('dialled');
      const connection = first.listener.connection!;
      const second = wait(limit);
      const third = wait(limit);
      connection.release(0, undefined);
      // The next request's listeners must not be there at the last events of the answer before it.
      await new Promise<void>((resolve) => process.nextTick(() => process.nextTick(resolve)));
      assert.deepEqual([second.listener.told, third.listener.told], [[], []]);
      assert.equal(pools.pool(endpoint, '', SETTINGS).take(0), undefined, 'it is for those who wait');
      await new Promise(setImmediate);
      assert.deepEqual(
        [second.listener.told, third.listener.told],
        [['handed'], []],
        'in the order of arrival',
      );
      assert.equal(second.listener.connection, connection);
      // Too late: it has its connection.
      second.dial.cancel();
      // What was made for the second is another's: the third takes it, or its own where that was faster.
      await Promise.all([second.listener.until('spare'), third.listener.until()]);
      if (limit) assert.equal(limit.pending, 0);
      connection.socket.destroy();
    });
  }

  it('one that was given up takes nothing', async () => {
    const first = wait();
    await first.listener.until('dialled');
    const second = wait();
    second.dial.cancel();
    first.listener.connection!.release(0, undefined);
    await new Promise(setImmediate);
    assert.deepEqual(second.listener.told, []);
    assert.equal(pools.pool(endpoint, '', SETTINGS).take(0), first.listener.connection);
    first.listener.connection!.socket.destroy();
  });
});
