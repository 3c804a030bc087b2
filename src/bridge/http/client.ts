/** GET and POST with everything that a registry's client needs and nothing else: a deadline, a size limit, gzip, TLS files. */

import { Agent as HttpAgent, type IncomingMessage, request } from 'node:http';
import { Agent as HttpsAgent, request as requestTls } from 'node:https';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { HttpFailure } from './failure';
import { readTls, type TlsConfig, tlsSignature } from './tls';

const unzip = promisify(gunzip);

/** How often the TLS files are looked at. */
const FILES_MS = 5_000;

export interface HttpRequest {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** From the call to the last byte of the answer, milliseconds. */
  readonly timeoutMs: number;
  /** Ends the request early. */
  readonly signal?: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export interface HttpClientOptions {
  readonly tls?: TlsConfig;
  /** Connections to one server at most; more requests wait. */
  readonly maxSockets: number;
  /** Of an answer, also after decompression. */
  readonly maxBytes: number;
  /** Milliseconds, any origin. */
  readonly now: () => number;
}

/** A kept connection that was closed before any byte of the answer. */
class StaleConnection extends Error {
  readonly code = 'ECONNRESET';
}

export class HttpClient {
  private readonly plain: HttpAgent;
  private secure: HttpsAgent | undefined;
  private signature = '';
  private lookedAt = Number.NEGATIVE_INFINITY;
  private readonly open = new Set<(reason: Error) => void>();
  private closed = false;

  constructor(private readonly options: HttpClientOptions) {
    this.plain = new HttpAgent({ keepAlive: true, maxSockets: options.maxSockets });
  }

  /** Rejects with a HttpFailure or a system error when no complete answer came; any status is an answer. */
  get(request: HttpRequest): Promise<HttpAnswer> {
    return this.send(request, undefined);
  }

  /** As `get`, with a form as the body. */
  post(request: HttpRequest, form: Readonly<Record<string, string>>): Promise<HttpAnswer> {
    return this.send(request, new URLSearchParams(form).toString());
  }

  private async send(
    { url, headers = {}, timeoutMs, signal }: HttpRequest,
    form: string | undefined,
  ): Promise<HttpAnswer> {
    const target = new URL(url);
    const agent = target.protocol === 'https:' ? await this.secureAgent() : this.plain;
    if (this.closed) throw new HttpFailure('the client was closed');
    const type = form === undefined ? undefined : { 'content-type': 'application/x-www-form-urlencoded' };
    const all: Record<string, string> = { 'accept-encoding': 'gzip', ...type, ...headers };
    const exchange = () => this.exchange(target, agent, all, timeoutMs, form, signal);
    const answer = await exchange().catch((error: Error) => {
      // The server may close a kept connection at the moment of its reuse: no fault of anybody.
      if (error instanceof StaleConnection && form === undefined) return exchange();
      throw error;
    });
    if (answer.headers['content-encoding'] !== 'gzip') return answer;
    const { maxBytes } = this.options;
    return { ...answer, body: await unzip(answer.body, { maxOutputLength: maxBytes }) };
  }

  /** Ends what is in flight, and every connection. */
  close(): void {
    this.closed = true;
    for (const end of [...this.open]) end(new HttpFailure('the client was closed'));
    this.plain.destroy();
    this.secure?.destroy();
  }

  private exchange(
    url: URL,
    agent: HttpAgent,
    headers: Readonly<Record<string, string>>,
    timeoutMs: number,
    form: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<HttpAnswer> {
    const { maxBytes } = this.options;
    return new Promise((resolve, reject) => {
      const outgoing = (url.protocol === 'https:' ? requestTls : request)(url, {
        agent,
        headers,
        signal,
        method: form === undefined ? 'GET' : 'POST',
      });
      let isOver = false;
      let hasAnswered = false;
      const over = () => {
        isOver = true;
        clearTimeout(timer);
        this.open.delete(fail);
      };
      const fail = (reason: Error) => {
        if (isOver) return;
        over();
        reject(reason);
        outgoing.destroy();
      };
      const timer = setTimeout(
        () => fail(new HttpFailure(`no complete answer within ${timeoutMs / 1000} s`)),
        timeoutMs,
      );
      this.open.add(fail);
      outgoing.on('error', (error: NodeJS.ErrnoException) => {
        const isStale = outgoing.reusedSocket && !hasAnswered && error.code === 'ECONNRESET';
        fail(isStale ? new StaleConnection(error.message) : error);
      });
      outgoing.on('response', (response) => {
        hasAnswered = true;
        const parts: Buffer[] = [];
        let size = 0;
        response.on('data', (part: Buffer) => {
          parts.push(part);
          size += part.length;
          if (size > maxBytes) fail(new HttpFailure(`the answer is larger than ${maxBytes} bytes`));
        });
        // Before 'end': the answer was cut off.
        response.on('close', () =>
          fail(new HttpFailure('the connection was closed before the end of the answer')),
        );
        response.on('error', fail);
        response.on('end', () => {
          over();
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(parts),
          });
        });
      });
      outgoing.end(form);
    });
  }

  /** A new agent when the files were replaced; requests in flight keep theirs. */
  private async secureAgent(): Promise<HttpsAgent> {
    const { tls = {}, now, maxSockets } = this.options;
    if (this.secure && now() - this.lookedAt < FILES_MS) return this.secure;
    const signature = await tlsSignature(tls);
    if (!this.secure || signature !== this.signature) {
      const material = await readTls(tls);
      const old = this.secure;
      this.secure = new HttpsAgent({ keepAlive: true, maxSockets, ...material });
      this.signature = signature;
      if (this.closed) this.secure.destroy();
      for (const idle of Object.values(old?.freeSockets ?? {}).flat()) idle?.destroy();
    }
    this.lookedAt = now();
    return this.secure;
  }
}
