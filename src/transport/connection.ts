import type { Socket } from 'node:net';
import type { ConnectionPoolSettings } from '../model';
import { idleLimit } from './idle';
import type { Pool } from './pool';

const kConnection = Symbol('inmesh.connection');

interface PooledSocket extends Socket {
  [kConnection]?: Connection;
}

/** An established connection to an endpoint: in use by one attempt, or idle in its pool. */
export class Connection {
  /** Requests that were sent on it, the present one included. */
  uses = 0;
  idle = false;
  idleUntil = 0;
  /** `socket.bytesRead` when it was taken: a peer that closes without more has not answered at all. */
  private bytesAtTake = 0;

  constructor(
    readonly socket: Socket,
    readonly pool: Pool,
    readonly settings: ConnectionPoolSettings,
  ) {
    (socket as PooledSocket)[kConnection] = this;
    socket.on('error', ignoreError);
    socket.on('close', forget);
  }

  static of(socket: Socket): Connection | undefined {
    return (socket as PooledSocket)[kConnection];
  }

  /** Carried an earlier request, so the peer may have closed it meanwhile. */
  get reused(): boolean {
    return this.uses > 1;
  }

  /** Since it was taken nothing has come from the peer. */
  get silent(): boolean {
    return this.socket.bytesRead === this.bytesAtTake;
  }

  /** Marks it as in use. False when it can no longer be used; it is destroyed then. */
  take(now: number): boolean {
    const { socket } = this;
    this.idle = false;
    const bytes = socket.bytesRead;
    // Bytes that arrived while idle would be taken for the answer to the next request.
    const stale = this.uses > 0 && (now >= this.idleUntil || bytes !== this.bytesAtTake);
    if (stale || socket.destroyed || !socket.writable || socket.readableLength > 0) {
      socket.destroy();
      return false;
    }
    this.bytesAtTake = bytes;
    if (this.uses++ > 0) socket.ref();
    return true;
  }

  /** Gives it back after a complete exchange; `keepAliveHint` is the response's `keep-alive` header. */
  release(now: number, keepAliveHint: string | undefined): void {
    if (this.idle) return;
    const { socket, settings } = this;
    const limit = idleLimit(settings.idleTimeoutMs, keepAliveHint);
    const spent = settings.maxRequestsPerConnection > 0 && this.uses >= settings.maxRequestsPerConnection;
    if (spent || limit <= 0 || !socket.writable || socket.writableLength > 0) {
      socket.destroy();
      return;
    }
    this.idle = true;
    this.idleUntil = now + limit;
    this.bytesAtTake = socket.bytesRead;
    if (socket.timeout) socket.setTimeout(0);
    socket.unref();
    this.pool.keep(this);
  }

  /** The socket belongs to the application from now on (upgrade, CONNECT). */
  detach(): void {
    this.socket.removeListener('error', ignoreError);
    this.socket.removeListener('close', forget);
    (this.socket as PooledSocket)[kConnection] = undefined;
  }
}

/** An idle connection may be reset at any time; its `close` follows and is what counts. */
function ignoreError(): void {
  return;
}

function forget(this: Socket): void {
  const connection = Connection.of(this);
  if (connection?.idle) connection.pool.drop(connection);
}
