/** One node that is followed. */

import { ConnectionLostError, type Watcher, type ZooKeeperConnection } from './connection';
import { MIN_READ_INTERVAL_MS } from './feed';

export type FollowKind = 'children' | 'data';

/** After a read that failed otherwise than by the loss of the connection, ms. */
const RETRY_MS = 5_000;

export interface FollowerEvents {
  /** Runs a read when its turn has come. */
  read(task: () => Promise<void>): Promise<void>;
  changed(value: readonly string[] | Buffer | undefined): void;
  failed(error: unknown): void;
  /** The first good read after a failed one. */
  worked(): void;
  ended(): void;
}

export class Follower {
  private connection: ZooKeeperConnection | undefined;
  private watcher: Watcher | undefined;
  private timer: NodeJS.Timeout | undefined;
  private lastRead = 0;
  private hasFailed = false;

  constructor(
    private readonly kind: FollowKind,
    readonly path: string,
    private readonly events: FollowerEvents,
  ) {}

  /** Reads and watches on a new connection; `done` is called once, after the first read, whatever its outcome. */
  attach(connection: ZooKeeperConnection, done: () => void): void {
    this.rest();
    this.connection = connection;
    // Watches are one-shot: each event of this connection leads to a read that watches again.
    this.watcher = () => {
      if (this.connection === connection) this.later(this.sinceLastRead());
    };
    void this.read(connection).then(done);
  }

  /** Nothing more until the next `attach`. */
  rest(): void {
    this.connection = undefined;
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  /** For good. */
  end(): void {
    this.rest();
    this.events.ended();
  }

  private sinceLastRead(): number {
    return Math.max(0, this.lastRead + MIN_READ_INTERVAL_MS - performance.now());
  }

  private later(ms: number): void {
    const { connection } = this;
    if (!connection || this.timer) return;
    if (ms === 0) return void this.read(connection);
    this.timer = setTimeout(() => {
      this.timer = undefined;
      void this.read(connection);
    }, ms);
  }

  /** Never rejects. */
  private async read(connection: ZooKeeperConnection): Promise<void> {
    try {
      await this.events.read(() => this.readNow(connection));
    } catch (error) {
      if (this.connection !== connection || error instanceof ConnectionLostError) return;
      this.hasFailed = true;
      this.events.failed(error);
      this.later(RETRY_MS);
    }
  }

  private async readNow(connection: ZooKeeperConnection): Promise<void> {
    if (this.connection !== connection) return;
    this.lastRead = performance.now();
    let value: readonly string[] | Buffer | undefined;
    do {
      value =
        this.kind === 'children'
          ? await connection.children(this.path, this.watcher)
          : await connection.data(this.path, this.watcher);
      // A node that does not exist is watched for its creation; it may have come since the first answer.
    } while (value === undefined && (await connection.exists(this.path, this.watcher)));
    if (this.connection !== connection) return;
    if (this.hasFailed) {
      this.hasFailed = false;
      this.events.worked();
    }
    this.events.changed(value);
  }
}
