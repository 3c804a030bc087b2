/** Keeps a stream to one MCP server; what it said last holds while it is away. */

import { readFile } from 'node:fs/promises';
import { type ChannelCredentials, credentials } from '@grpc/grpc-js';
import type { Log } from '../../observe';
import type { SotwResponse } from '../../xds';
import { McpStream } from './stream';
import { kindOf, MCP_TYPES } from './types';

/** istiod's adsc waits 500 ms to 60 s; a laptop's control plane may ask more often. */
const BASE_MS = 250;
const CAP_MS = 5_000;

export interface McpServer {
  /** As given: `xds://host:port`. */
  readonly url: string;
  /** `host:port` */
  readonly address: string;
  readonly credentials: ChannelCredentials;
}

/** The `host:port` of `xds://host:port`. Throws a sentence when it is none. */
export function mcpAddressOf(url: string): string {
  const match = /^xds:\/\/([^/\s]+:\d+)\/?$/.exec(url);
  if (!match) throw new Error(`"${url}" is no MCP server; write xds://host:port`);
  return match[1]!;
}

/** Throws a sentence when the URL is none, or the CA file cannot be read. */
export async function mcpServerOf(url: string, caFile?: string): Promise<McpServer> {
  const address = mcpAddressOf(url);
  if (caFile === undefined) return { url, address, credentials: credentials.createInsecure() };
  const ca = await readFile(caFile).catch((error: NodeJS.ErrnoException) => {
    throw new Error(`cannot read the CA file ${caFile}: ${error.code ?? error.message}`);
  });
  return { url, address, credentials: credentials.createSsl(ca) };
}

export class McpClient {
  /** Resolves when every type has been answered once, which istiod waits for before it serves anything. */
  readonly synced: Promise<void>;
  private stream: McpStream | undefined;
  private retry: NodeJS.Timeout | undefined;
  private failures = 0;
  private isUp = false;
  private stopped = false;
  private readonly unanswered = new Set(MCP_TYPES.slice(1));
  private said!: () => void;

  constructor(
    private readonly server: McpServer,
    /** The whole present state of a kind. */
    private readonly take: (kind: string, response: SotwResponse) => void,
    private readonly log: Log,
  ) {
    this.synced = new Promise((resolve) => {
      this.said = resolve;
    });
    this.dial();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.retry);
    this.stream?.close();
    this.said();
  }

  private dial(): void {
    const { address, credentials } = this.server;
    this.stream = new McpStream(address, credentials, {
      response: (response) => this.receive(response),
      ended: (reason) => this.ended(reason),
    });
  }

  private receive(response: SotwResponse): void {
    const { url } = this.server;
    if (!this.isUp) this.log.line('info', 'dev.mcp.up', `following the MCP server ${url}`, { url }, url);
    this.isUp = true;
    this.failures = 0;
    this.take(kindOf(response.typeUrl), response);
    this.unanswered.delete(response.typeUrl);
    if (this.unanswered.size === 0) this.said();
  }

  private ended(reason: string): void {
    if (this.stopped) return;
    const { url } = this.server;
    // Once for an outage, not for each attempt.
    if (this.isUp || this.failures === 0) {
      const message = `the MCP server ${url} cannot be followed: ${reason}; what it said last still holds`;
      this.log.line('warn', 'dev.mcp.down', message, { url, reason }, `${url} ${reason}`);
    }
    this.isUp = false;
    const wait = Math.min(CAP_MS, BASE_MS * 2 ** Math.min(this.failures++, 16));
    this.retry = setTimeout(() => this.dial(), wait * (0.5 + Math.random() / 2));
  }
}
