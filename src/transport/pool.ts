import type { Socket } from 'node:net';
import type { ConnectionPoolSettings, Endpoint } from '../model';
import { setImmediate } from '../observe/native';
import { Connection } from './connection';
import type { PooledDial } from './pooled-dial';

/** Never more idle connections to one endpoint than Node's own agent keeps. */
const MAX_IDLE = 256;
const SWEEP_MS = 500;

/** Tells apart connections to one address that must not be mixed (TLS options); empty for plaintext. */
export type ConnectionKey = string;

/** Idle connections to one endpoint of a cluster; the last used one is taken first, so that the others can age out. */
export class Pool {
  /** Connections made or being made under a cluster's limit. */
  open = 0;
  /** Its name is free for another, though connections of it may still be in use. */
  forgotten = false;
  private readonly idle: Connection[] = [];
  /** Who waits for a connection under a limit, in order. */
  private readonly queue: PooledDial[] = [];
  /** For whom a connection is being made, in order: they are older than those in the queue. */
  private readonly dialing: PooledDial[] = [];
  private serving = false;
  private servingSoon = false;

  constructor(
    private readonly owner: Pools,
    readonly name: string,
  ) {}

  /** One that is free, unless older calls wait for it. */
  take(now: number): Connection | undefined {
    const { idle, queue, dialing, servingSoon } = this;
    return servingSoon && idle.length <= queue.length + dialing.length ? undefined : this.takeIdle(now);
  }

  private takeIdle(now: number): Connection | undefined {
    for (let connection = this.idle.pop(); connection !== undefined; connection = this.idle.pop()) {
      if (connection.take(now)) return connection;
    }
    return undefined;
  }

  keep(connection: Connection): void {
    if (this.idle.length >= MAX_IDLE) this.idle.shift()?.socket.destroy();
    if (this.forgotten) this.owner.restore(this);
    this.idle.push(connection);
    if (this.queue.length > 0 || this.dialing.length > 0) this.serveSoon();
    if (this.idle.length === 1) this.owner.watch(this);
  }

  enqueue(waiter: PooledDial): void {
    this.queue.push(waiter);
    this.serve();
  }

  leave(waiter: PooledDial): void {
    const at = this.queue.indexOf(waiter);
    if (at >= 0) this.queue.splice(at, 1);
  }

  /** A connection is being made for it; one that becomes free will do as well. */
  awaitFree(waiter: PooledDial): void {
    this.dialing.push(waiter);
  }

  forgo(waiter: PooledDial): void {
    const at = this.dialing.indexOf(waiter);
    if (at >= 0) this.dialing.splice(at, 1);
  }

  /**
   * After the last events of the answer that has just ended: clients that find the next request's listeners on the
   * socket by then take the answer for one cut short (node-fetch 2).
   */
  private serveSoon(): void {
    if (this.servingSoon) return;
    this.servingSoon = true;
    setImmediate(() => {
      this.servingSoon = false;
      this.serve();
    });
  }

  /** Gives those who wait what is free now: connections, or the right to make one. A loop, however deep it is called. */
  serve(): void {
    if (this.serving || this.servingSoon) return;
    this.serving = true;
    try {
      while (this.dialing.length > 0) {
        const connection = this.takeIdle(this.owner.now());
        if (connection === undefined) break;
        this.dialing.shift()!.handed(connection);
      }
      for (let next = this.queue[0]; next !== undefined; next = this.queue[0]) {
        const connection = this.takeIdle(this.owner.now());
        if (connection === undefined && this.open > 0 && next.limit?.mayConnect === false) break;
        this.queue.shift();
        if (connection === undefined) next.connect();
        else next.handed(connection);
      }
    } finally {
      this.serving = false;
    }
    if (this.unused) this.owner.forget(this);
  }

  /** Nobody needs this very pool: another of the same name may take its place. */
  get unused(): boolean {
    const { open, idle, queue, dialing } = this;
    return open === 0 && idle.length === 0 && queue.length === 0 && dialing.length === 0;
  }

  /** After one was found dead the others are not trusted either. */
  closeIdle(): void {
    for (const { socket } of this.idle.splice(0)) socket.destroy();
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
}

/** All connections of the process to endpoints, by address. Its one timer runs only while something is idle, unref'ed. */
export class Pools {
  private readonly pools = new Map<string, Pool>();
  /** An endpoint of a push is one object as long as the push is in force, and cheaper to look up than its address. */
  private readonly plain = new WeakMap<Endpoint, Pool>();
  private readonly withIdle = new Set<Pool>();
  private timer: NodeJS.Timeout | undefined;
  private readonly sweeper = (): void => this.sweep();

  /** `now`: a monotonic clock in milliseconds. */
  constructor(
    readonly now: () => number,
    private readonly timers: { setTimeout: typeof setTimeout },
  ) {}

  /** `key`: see ConnectionKey. Clusters whose settings differ share no connections. */
  pool(endpoint: Endpoint, key: ConnectionKey, settings: ConnectionPoolSettings): Pool {
    if (key !== '') return this.named(`${nameOf(endpoint, settings)}|${key}`);
    let pool = this.plain.get(endpoint);
    if (pool === undefined) {
      pool = this.named(nameOf(endpoint, settings));
      this.plain.set(endpoint, pool);
    }
    return pool;
  }

  /** A connection just made, taken by whoever dialled it; undefined when it is dead already. */
  adopt(socket: Socket, pool: Pool, settings: ConnectionPoolSettings): Connection | undefined {
    const connection = new Connection(socket, pool, settings);
    return connection.take(this.now()) ? connection : undefined;
  }

  forget(pool: Pool): void {
    if (this.pools.get(pool.name) === pool) this.pools.delete(pool.name);
    pool.forgotten = true;
  }

  /** A connection that was in use came back to a pool that had been forgotten: the next call shall find it. */
  restore(pool: Pool): void {
    if (this.pools.has(pool.name)) return;
    this.pools.set(pool.name, pool);
    pool.forgotten = false;
  }

  /** The pool has something idle again. */
  watch(pool: Pool): void {
    this.withIdle.add(pool);
    if (this.timer !== undefined) return;
    this.timer = this.timers.setTimeout(this.sweeper, SWEEP_MS);
    this.timer.unref();
  }

  private named(name: string): Pool {
    let pool = this.pools.get(name);
    if (pool === undefined) {
      pool = new Pool(this, name);
      this.pools.set(name, pool);
    }
    return pool;
  }

  private sweep(): void {
    this.timer = undefined;
    const now = this.now();
    for (const pool of this.withIdle) {
      if (!pool.sweep(now)) continue;
      this.withIdle.delete(pool);
      if (pool.unused) this.forget(pool);
    }
    if (this.withIdle.size === 0) return;
    this.timer = this.timers.setTimeout(this.sweeper, SWEEP_MS);
    this.timer.unref();
  }
}

function nameOf({ address, port }: Endpoint, settings: ConnectionPoolSettings): string {
  const { maxRequestsPerConnection, idleTimeoutMs = '', tcpKeepalive } = settings;
  const { timeMs = '', intervalMs = '', probes = '' } = tcpKeepalive ?? {};
  return [`${address}:${port}`, maxRequestsPerConnection, idleTimeoutMs, timeMs, intervalMs, probes].join(
    '|',
  );
}
