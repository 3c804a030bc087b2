import type { Socket } from 'node:net';
import type { ConnectionPoolSettings, Endpoint } from '../model';
import type { Connection } from './connection';
import { Dial, type DialListener, type Secure } from './dial';
import type { Pool } from './pool';

/** What a cluster has in use of connections and of requests that wait for one. */
export interface ConnectionLimit {
  connections: number;
  pending: number;
  readonly mayConnect: boolean;
}

/** As DialListener; or it is another's connection that has become free. */
export interface PooledDialListener extends DialListener {
  handed(connection: Connection): void;
  /** The connection that was being made meanwhile: nobody waits for it any more, the next call will take it. */
  spare(socket: Socket, pool: Pool, settings: ConnectionPoolSettings): void;
}

/**
 * A wait for a connection to an endpoint: the one that is made for it, or another that becomes free first, in the
 * order of arrival. Under a limit, as in Envoy, it counts as pending until it has its connection, it waits without end
 * where the cluster may not make another, and an endpoint without any connection always gets one. What it waits for
 * keeps the process alive: a connection in use or being made.
 */
export class PooledDial implements DialListener {
  private dial: Dial | undefined;
  private over = false;

  constructor(
    private readonly pool: Pool,
    readonly limit: ConnectionLimit | undefined,
    private readonly endpoint: Endpoint,
    private readonly settings: ConnectionPoolSettings,
    private readonly listener: PooledDialListener,
    private readonly secure?: Secure,
  ) {}

  /** Takes its place in the pool's queue; what comes of it may come at once. */
  start(): void {
    if (this.limit === undefined) {
      this.connect();
      return;
    }
    this.limit.pending++;
    this.pool.enqueue(this);
  }

  /** Nobody waits any more. */
  cancel(): void {
    if (this.over) return;
    this.settle();
    if (this.dial === undefined) {
      this.pool.leave(this);
      return;
    }
    this.pool.forgo(this);
    this.dial.cancel();
    this.closed();
  }

  /** From the pool: its turn to make a connection. */
  connect(): void {
    if (this.limit !== undefined) {
      this.limit.connections++;
      this.pool.open++;
    }
    this.dial = new Dial(this.endpoint, this.settings, this, this.secure);
    this.pool.awaitFree(this);
  }

  /** From the pool: a connection is free, in the queue or while its own is being made, which goes on for others. */
  handed(connection: Connection): void {
    this.settle();
    this.dial?.unref();
    this.listener.handed(connection);
  }

  dialled(socket: Socket): void {
    if (this.limit !== undefined) socket.once('close', () => this.closed());
    if (this.over) {
      this.listener.spare(socket, this.pool, this.settings);
      return;
    }
    this.pool.forgo(this);
    this.settle();
    this.listener.dialled(socket);
  }

  dialFailed(error: Error, timedOut: boolean, secured: boolean): void {
    const abandoned = this.over;
    if (!abandoned) {
      this.pool.forgo(this);
      this.settle();
    }
    this.closed();
    if (!abandoned) this.listener.dialFailed(error, timedOut, secured);
  }

  private settle(): void {
    this.over = true;
    if (this.limit !== undefined) this.limit.pending--;
  }

  /** Once per connection, however it ends. */
  private closed(): void {
    if (this.limit === undefined) return;
    this.limit.connections--;
    this.pool.open--;
    this.pool.serve();
  }
}
