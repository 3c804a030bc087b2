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
export interface LimitedDialListener extends DialListener {
  handed(connection: Connection): void;
}

/**
 * A wait for a connection to an endpoint of a cluster with limits. As in Envoy: it counts as pending until it has its
 * connection, it waits without end where the cluster may not make another, and an endpoint without any connection
 * always gets one. What it waits for keeps the process alive: a connection in use or being made.
 */
export class LimitedDial implements DialListener {
  private dial: Dial | undefined;
  private over = false;

  constructor(
    private readonly pool: Pool,
    readonly limit: ConnectionLimit,
    private readonly endpoint: Endpoint,
    private readonly settings: ConnectionPoolSettings,
    private readonly listener: LimitedDialListener,
    private readonly secure?: Secure,
  ) {}

  /** Takes its place in the pool's queue; what comes of it may come at once. */
  start(): void {
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
    this.dial.cancel();
    this.closed();
  }

  /** From the pool: its turn to make a connection. */
  connect(): void {
    this.limit.connections++;
    this.pool.open++;
    this.dial = new Dial(this.endpoint, this.settings, this, this.secure);
  }

  /** From the pool: its turn, and a connection is free. */
  handed(connection: Connection): void {
    this.settle();
    this.listener.handed(connection);
  }

  dialled(socket: Socket): void {
    this.settle();
    socket.once('close', () => this.closed());
    this.listener.dialled(socket);
  }

  dialFailed(error: Error, timedOut: boolean, secured: boolean): void {
    this.settle();
    this.closed();
    this.listener.dialFailed(error, timedOut, secured);
  }

  private settle(): void {
    this.over = true;
    this.limit.pending--;
  }

  /** Once per connection, however it ends. */
  private closed(): void {
    this.limit.connections--;
    this.pool.open--;
    this.pool.serve();
  }
}
