/** Questions to a Consul agent, with everything that each of them carries. */

import { credential, HttpClient, HttpFailure, ServerList, sentenceOf } from '../../http';
import type { ConsulConfig } from './config';

/** A datacenter with 50,000 checks is about 25 MB of JSON. */
const MAX_BYTES = 512 * 1024 * 1024;

export interface ConsulAnswer {
  /** `X-Consul-Index`; 0 when there is none. */
  readonly index: number;
  readonly json: unknown;
  /** Size of the answer. */
  readonly bytes: number;
  /** The token may not see all that there is. */
  readonly filtered: boolean;
}

export interface ConsulQuestion {
  readonly path: string;
  /** '' = the agent's own. */
  readonly datacenter: string;
  /** Absent or 0: answer at once. Else: hold the answer until the index has passed this one. */
  readonly index?: number;
  readonly signal?: AbortSignal;
}

export class ConsulAgent {
  private readonly servers: ServerList;
  private readonly http: HttpClient;

  constructor(
    private readonly config: ConsulConfig,
    now: () => number,
  ) {
    const { servers, tls, maxConnections } = config;
    this.servers = new ServerList(servers.map((url) => url.replace(/\/+$/, '')));
    this.http = new HttpClient({ tls, maxSockets: maxConnections, maxBytes: MAX_BYTES, now });
  }

  /** Rejects with a HttpFailure that is a sentence for the operator; the next question goes to the next server. */
  async ask(question: ConsulQuestion): Promise<ConsulAnswer> {
    const server = this.servers.current;
    try {
      return await this.askServer(server, question);
    } catch (error) {
      if (question.signal?.aborted) throw error;
      this.servers.failed(server);
      throw new HttpFailure(sentenceOf(error, server), (error as HttpFailure).status);
    }
  }

  close(): void {
    this.http.close();
  }

  private async askServer(server: string, question: ConsulQuestion): Promise<ConsulAnswer> {
    const { path, index = 0, signal } = question;
    const { waitMs, timeoutMs, token, tokenFile } = this.config;
    const secret = await credential({ key: 'token', value: token, file: tokenFile });
    // Consul adds up to a sixteenth to the wait, so that not all wake at once.
    const patience = index > 0 ? waitMs + waitMs / 16 : 0;
    const { status, headers, body } = await this.http.get({
      url: `${server}${path}?${this.parameters(question)}`,
      headers: secret ? { 'x-consul-token': secret } : {},
      timeoutMs: timeoutMs + patience,
      ...(signal && { signal }),
    });
    if (status !== 200) throw new HttpFailure(refusal(status, body.toString('utf8')), status);
    return {
      index: Number(headers['x-consul-index'] ?? 0) || 0,
      json: parse(body.toString('utf8')),
      bytes: body.length,
      filtered: headers['x-consul-results-filtered-by-acls'] === 'true',
    };
  }

  private parameters({ datacenter, index = 0 }: ConsulQuestion): URLSearchParams {
    const { namespace, partition, stale, waitMs } = this.config;
    const parameters = new URLSearchParams();
    if (datacenter !== '') parameters.set('dc', datacenter);
    if (namespace !== '') parameters.set('ns', namespace);
    if (partition !== '') parameters.set('partition', partition);
    if (stale) parameters.set('stale', '');
    if (index > 0) {
      parameters.set('index', String(index));
      parameters.set('wait', `${waitMs}ms`);
    }
    return parameters;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new HttpFailure(`the answer is no JSON: ${(error as Error).message}`);
  }
}

function refusal(status: number, body: string): string {
  const said = body.split('\n', 1)[0]!.slice(0, 200);
  if (status === 401 || status === 403) return `refuses the token (${status}: ${said}); check \`token\``;
  if (status === 429)
    return `refuses so many connections (429: ${said}); lower \`maxConnections\` or raise Consul's limits.http_max_conns_per_client`;
  return `answers with status ${status}: ${said}`;
}
