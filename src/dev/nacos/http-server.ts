/** Nacos' HTTP port: the v1 API of its older clients, the login, and the part of the v3 admin API that lists. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecure } from 'node:https';
import type { TlsFiles } from './grpc-server';
import { HttpApi, type HttpApiOptions, type Params } from './http-api';

export interface HttpServerOptions extends HttpApiOptions {
  readonly host: string;
  readonly port: number;
  readonly tls?: TlsFiles;
}

const MAX_BODY = 1_000_000;

export class HttpServer {
  readonly #server: Server;
  readonly #api: HttpApi;

  constructor(readonly options: HttpServerOptions) {
    this.#api = new HttpApi(options);
    const listener = (request: IncomingMessage, response: ServerResponse) =>
      void this.#serve(request, response);
    this.#server = options.tls ? createSecure(options.tls, listener) : createServer(listener);
  }

  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.options.port, this.options.host, () => resolve());
    });
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://nacos');
    const parameters: Params = Object.fromEntries(url.searchParams);
    for (const [name, value] of new URLSearchParams(await bodyOf(request))) parameters[name] ??= value;
    // What a client says of its own address is a guess; its pushes go to where it really is.
    parameters['clientIP'] = request.socket.remoteAddress;
    const headers = {
      ...parameters,
      accessToken: parameters['accessToken'] ?? headerOf(request, 'accesstoken'),
    };
    const { status, body } = this.#api.answer(request.method ?? 'GET', url.pathname, parameters, headers);
    const isText = typeof body === 'string';
    response.writeHead(status, { 'content-type': isText ? 'text/html;charset=UTF-8' : 'application/json' });
    response.end(isText ? body : JSON.stringify(body));
  }
}

function headerOf({ headers }: IncomingMessage, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** '' for a body that is cut off or too big. */
async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const part of request) {
      size += (part as Buffer).length;
      if (size > MAX_BODY) return '';
      parts.push(part as Buffer);
    }
  } catch {
    // The client went away in the middle: nobody reads the answer.
    return '';
  }
  return Buffer.concat(parts).toString('utf8');
}
