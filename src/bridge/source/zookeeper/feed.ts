/** What of the tree is followed: each node read at once and again whenever it changes, over any number of sessions. */

import { ConnectionLostError, NoAuthError, type ZooKeeperConnection } from './connection';
import { Follower, type FollowKind } from './follower';
import { Limiter } from './limiter';

/** Between two reads of one node, ms: a node in a storm of changes is read at this pace. */
export const MIN_READ_INTERVAL_MS = 20;

export interface FeedOptions {
  readonly concurrency: number;
  /** A node cannot be read, or (undefined) can be read again. */
  readonly problem: (path: string, reason: string | undefined) => void;
  /** Everything followed was read once in this session. */
  readonly synced: () => void;
}

export class Feed {
  private readonly followers = new Set<Follower>();
  private readonly limiter: Limiter;
  private connection: ZooKeeperConnection | undefined;
  /** Reads that the synchronisation of this session waits for; what is followed later is none of it. */
  private pending = 0;
  private isSynced = false;

  constructor(private readonly options: FeedOptions) {
    this.limiter = new Limiter(options.concurrency);
  }

  /** Follows the names of a node's children; undefined: the node does not exist. */
  children(path: string, changed: (names: readonly string[] | undefined) => void): Follower {
    return this.follow('children', path, (value) => changed(value as readonly string[] | undefined));
  }

  /** Follows a node's data; undefined: the node does not exist. */
  data(path: string, changed: (data: Buffer | undefined) => void): Follower {
    return this.follow('data', path, (value) => changed(value as Buffer | undefined));
  }

  /** Reads once. Rejects while there is no session. */
  read(path: string): Promise<Buffer | undefined> {
    return this.limiter.run(async () => {
      if (!this.connection) throw new ConnectionLostError('ZooKeeper is not connected');
      return this.connection.data(path);
    });
  }

  /** Reads everything anew, in a new session. */
  attach(connection: ZooKeeperConnection): void {
    this.connection = connection;
    this.isSynced = false;
    this.pending = 1;
    for (const follower of this.followers) this.begin(follower);
    this.done(connection);
  }

  detach(): void {
    this.connection = undefined;
    for (const follower of this.followers) follower.rest();
  }

  close(): void {
    this.detach();
    this.followers.clear();
  }

  private follow(
    kind: FollowKind,
    path: string,
    changed: (value: readonly string[] | Buffer | undefined) => void,
  ): Follower {
    const follower: Follower = new Follower(kind, path, {
      read: (task) => this.limiter.run(task),
      changed,
      failed: (error) => this.failed(path, error),
      worked: () => this.options.problem(path, undefined),
      ended: () => this.forget(follower),
    });
    this.followers.add(follower);
    if (this.connection) this.begin(follower);
    return follower;
  }

  private forget(follower: Follower): void {
    this.followers.delete(follower);
    this.options.problem(follower.path, undefined);
  }

  private begin(follower: Follower): void {
    const connection = this.connection!;
    this.pending++;
    follower.attach(connection, () => this.done(connection));
  }

  private done(connection: ZooKeeperConnection): void {
    if (connection !== this.connection) return;
    this.pending--;
    if (this.pending > 0 || this.isSynced) return;
    this.isSynced = true;
    this.options.synced();
  }

  private failed(path: string, error: unknown): void {
    const isForbidden = error instanceof NoAuthError;
    const told = error instanceof Error ? error.message : String(error);
    const reason = isForbidden
      ? `${told}: give this bridge READ on it, or another user`
      : `it cannot be read: ${told}`;
    this.options.problem(path, reason);
  }
}
