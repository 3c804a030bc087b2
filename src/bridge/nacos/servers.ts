/** Where the servers of one Nacos cluster are: given, in a file, or told by an address server. */

import { readFile } from 'node:fs/promises';
import { DEFAULT_PORT } from '../../nacos';
import type { HttpClient } from '../http';
import type { NacosConnectionConfig } from './config';
import { NacosFailure } from './failure';

/** How long an address server's answer counts. */
const ADDRESSES_MS = 30_000;

export interface NacosServer {
  readonly host: string;
  /** `host:port` of the main port. */
  readonly address: string;
  /** `host:port` for grpc-js. */
  readonly grpcTarget: string;
  /** `http://host:port/nacos`. */
  readonly base: string;
}

/** Throws a sentence for text that is no server. */
export function parseServer(text: string, config: NacosConnectionConfig): NacosServer {
  const match = /^(?:(https?):\/\/)?(\[[0-9a-fA-F:.]+\]|[^\s:/[\]]+)(?::(\d{1,5}))?(?:\/.*)?$/.exec(
    text.trim(),
  );
  const port = Number(match?.[3] ?? DEFAULT_PORT);
  const grpcPort = port + config.grpcPortOffset;
  const possible = [port, grpcPort].every((each) => each >= 1 && each <= 65_535);
  if (match === null || !possible)
    throw new NacosFailure(`"${text}" is no Nacos server; give host:port of its main port`, 'refused');
  const host = match[2]!;
  return {
    host,
    address: `${host}:${port}`,
    grpcTarget: `${host}:${grpcPort}`,
    base: `${match[1] ?? 'http'}://${host}:${port}${config.contextPath.replace(/\/+$/, '')}`,
  };
}

export class NacosServers {
  #asked: { readonly servers: readonly NacosServer[]; readonly at: number } | undefined;

  constructor(
    readonly config: NacosConnectionConfig,
    readonly http: HttpClient,
    readonly now: () => number,
  ) {}

  /** At least one; throws a sentence otherwise. An address server that is away leaves its last answer in force. */
  async list(): Promise<readonly NacosServer[]> {
    const { servers, serversFile, addressServer } = this.config;
    if (serversFile !== undefined) return this.#parse(await readServersFile(serversFile), serversFile);
    if (addressServer !== undefined) return this.#ask(addressServer);
    return this.#parse(servers.join('\n'), '`servers`');
  }

  async #ask(url: string): Promise<readonly NacosServer[]> {
    const now = this.now();
    if (this.#asked && now - this.#asked.at < ADDRESSES_MS) return this.#asked.servers;
    try {
      const { status, body } = await this.http.get({ url, timeoutMs: this.config.requestTimeoutMs });
      if (status !== 200) throw new NacosFailure(`the address server ${url} answers ${status}`, 'refused');
      this.#asked = { servers: this.#parse(body.toString('utf8'), url), at: now };
    } catch (error) {
      if (!this.#asked) throw error;
      this.#asked = { servers: this.#asked.servers, at: now };
    }
    return this.#asked.servers;
  }

  #parse(text: string, from: string): readonly NacosServer[] {
    const names = text.split(/[\s,]+/).filter((name) => name !== '');
    if (names.length === 0) throw new NacosFailure(`${from} lists no Nacos server`, 'refused');
    return names.map((name) => parseServer(name, this.config));
  }
}

async function readServersFile(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new NacosFailure(`cannot read serversFile ${file}: ${error.code ?? error.message}`, 'refused');
  });
}
