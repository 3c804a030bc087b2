/** The servers of one registry, in the order of preference. All of them hold the same data. */

export class ServerList {
  private index = 0;

  /** `servers`: at least one base URL. */
  constructor(readonly servers: readonly string[]) {}

  get current(): string {
    return this.servers[this.index]!;
  }

  /** `server` failed: the next one's turn. Says it several callers at once, the list moves once. */
  failed(server: string): void {
    if (server === this.current) this.index = (this.index + 1) % this.servers.length;
  }
}
