import type { Socket } from 'node:net';
import type { ConnectionPoolSettings, Endpoint } from '../model';
import { Connection } from './connection';

/** Never more idle connections to one endpoint than Node's own agent keeps. */
const MAX_IDLE = 256;
const SWEEP_MS = 500;

/** Tells apart connections to one address that must not be mixed (TLS options); empty for plaintext. */
export type ConnectionKey = string;

/** Idle connections to one endpoint; the last used one is taken first, so that the others can age out. */
export class Pool {
  private readonly idle: Connection[] = [];

  constructor(private readonly owner: Pools) {}

  take(now: number): Connection | undefined {
    for (let connection = this.idle.pop(); connection !== undefined; connection = this.idle.pop()) {
      if (connection.take(now)) return connection;
    }
    return undefined;
  }

  keep(connection: Connection): void {
    if (this.idle.length >= MAX_IDLE) this.idle.shift()?.socket.destroy();
    this.idle.push(connection);
    this.owner.watch();
  }

  drop(connection: Connection): void {
    const at = this.idle.indexOf(connection);
    if (at >= 0) this.idle.splice(at, 1);
  }

  /** Closes what has waited too long (the oldest is first). True when nothing is left. */
  sweep(now: number): boolean {
    const { idle } = this;
    for (let i = idle.length - 1; i >= 0; i--) {
      const connection = idle[i]!;
      if (now < connection.idleUntil) continue;
      idle.splice(i, 1);
      connection.idle = false;
      connection.socket.destroy();
    }
    return idle.length === 0;
  }

  closeIdle(): void {
    for (const connection of this.idle.splice(0)) {
      connection.idle = false;
      connection.socket.destroy();
    }
  }
}

/** All connections of the process to endpoints, by address. Its one timer runs only while something is idle, unref'ed. */
export class Pools {
  private readonly pools = new Map<string, Pool>();
  private timer: NodeJS.Timeout | undefined;
  private readonly sweeper = (): void => this.sweep();

  /** `now`: a monotonic clock in milliseconds. */
  constructor(
    private readonly now: () => number,
    private readonly timers: { setTimeout: typeof setTimeout },
  ) {}

  pool(endpoint: Endpoint, key: ConnectionKey): Pool {
    const name =
      key === '' ? `${endpoint.address}:${endpoint.port}` : `${endpoint.address}:${endpoint.port}|${key}`;
    let pool = this.pools.get(name);
    if (pool === undefined) {
      pool = new Pool(this);
      this.pools.set(name, pool);
    }
    return pool;
  }

  /** A connection just made, taken by whoever dialled it; undefined when it is dead already. */
  adopt(socket: Socket, pool: Pool, settings: ConnectionPoolSettings): Connection | undefined {
    const connection = new Connection(socket, pool, settings);
    return connection.take(this.now()) ? connection : undefined;
  }

  watch(): void {
    if (this.timer !== undefined) return;
    this.timer = this.timers.setTimeout(this.sweeper, SWEEP_MS);
    this.timer.unref();
  }

  /** Closes every idle connection; those in use are closed by their users. */
  closeIdle(): void {
    for (const pool of this.pools.values()) pool.closeIdle();
  }

  private sweep(): void {
    this.timer = undefined;
    const now = this.now();
    for (const [name, pool] of this.pools) if (pool.sweep(now)) this.pools.delete(name);
    if (this.pools.size > 0) this.watch();
  }
}
