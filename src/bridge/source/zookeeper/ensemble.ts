/** Always connected to one of the servers, or on the way to one. */

import { credential, Pause, Retry } from '../../http';
import type { SourceContext } from '../../model';
import { parseServer, type ZooKeeperConfig } from './config';
import { ZooKeeperConnection } from './connection';

const RETRY_BASE_MS = 200;
const RETRY_CAP_MS = 10_000;
/** A session that ends sooner was no success: the next waits, so that nothing is read again and again. */
const SHORT_SESSION_MS = 5_000;

export interface EnsembleEvents {
  /** A new session: nothing is watched yet. */
  connected(connection: ZooKeeperConnection): void;
  /** The session is over, or another attempt failed. One sentence. */
  down(reason: string): void;
}

export class Ensemble {
  private readonly pause = new Pause();
  private readonly retry: Retry;
  private connection: ZooKeeperConnection | undefined;
  private running: Promise<void> | undefined;
  private readonly stopping = new AbortController();
  private next: number;

  constructor(
    private readonly config: ZooKeeperConfig,
    { random }: Pick<SourceContext, 'random'>,
    private readonly events: EnsembleEvents,
  ) {
    this.retry = new Retry({ baseMs: RETRY_BASE_MS, capMs: RETRY_CAP_MS, random });
    // Many bridges shall not all use the first.
    this.next = Math.floor(random() * config.servers.length);
  }

  start(): void {
    this.running = this.run();
  }

  /** Ends the session. Resolves when no connection or timer is left. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.pause.end();
    await this.connection?.close();
    await this.running;
  }

  /** Never rejects. */
  private async run(): Promise<void> {
    for (let failures = 0; !this.stopping.signal.aborted; ) {
      try {
        await this.live(() => {
          failures = 0;
        });
      } catch (error) {
        failures++;
        if (!this.stopping.signal.aborted) this.events.down((error as Error).message);
      }
      // All servers are tried before the first wait; a lost session's successor is not waited for either.
      if (failures > 0 && failures % this.config.servers.length === 0)
        await this.pause.wait(this.retry.next());
    }
  }

  /** From connecting to the end of the session; rejects with the reason when there is none. */
  private async live(connected: () => void): Promise<void> {
    const { servers, chroot, sessionTimeoutMs, connectTimeoutMs } = this.config;
    const server = parseServer(servers[this.next++ % servers.length]!);
    const { signal } = this.stopping;
    const digest = await this.digest();
    if (signal.aborted) return;
    const options = { ...server, chroot, sessionTimeoutMs, connectTimeoutMs, digest, signal };
    const connection = await ZooKeeperConnection.open(options);
    if (signal.aborted) return connection.close();
    this.connection = connection;
    connected();
    const since = performance.now();
    this.events.connected(connection);
    const reason = await connection.ended;
    this.connection = undefined;
    if (signal.aborted) return;
    this.events.down(reason);
    if (performance.now() - since > SHORT_SESSION_MS) this.retry.good();
    else await this.pause.wait(this.retry.next());
  }

  private async digest(): Promise<string | undefined> {
    const { username, password, passwordFile } = this.config;
    if (username === '') return undefined;
    return `${username}:${await credential({ key: 'password', value: password, file: passwordFile })}`;
  }
}
