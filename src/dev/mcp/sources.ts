/** All MCP servers of a control plane. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../observe';
import type { IstioObject } from '../read/object';
import { McpClient, type McpServer } from './client';
import { McpStore } from './store';

export class McpSources {
  private readonly followed: { readonly client: McpClient; readonly store: McpStore }[];

  /** `onChange` is called after `objects` has changed. */
  constructor(
    servers: readonly McpServer[],
    private readonly log: Log,
    onChange: () => void,
  ) {
    this.followed = servers.map((server) => {
      const store = new McpStore(server.url, log);
      const client = new McpClient(
        server,
        (kind, response) => {
          if (store.take(kind, response)) onChange();
        },
        log,
      );
      return { client, store };
    });
  }

  /** Of the servers in their order. */
  get objects(): IstioObject[] {
    return this.followed.flatMap(({ store }) => store.objects);
  }

  /** Resolves when all have told everything once, or after `ms` milliseconds, with a line. */
  async synced(ms: number): Promise<void> {
    const patience = new AbortController();
    const all = Promise.all(this.followed.map(({ client }) => client.synced)).then(() => true);
    const late = sleep(ms, false, { signal: patience.signal }).catch(() => false);
    if (!(await Promise.race([all, late]))) {
      const message = `not all MCP servers have answered within ${ms / 1000} s; serving without them until they do`;
      this.log.line('warn', 'dev.mcp.late', message, { ms });
    }
    patience.abort();
  }

  stop(): void {
    for (const { client } of this.followed) client.stop();
  }
}
