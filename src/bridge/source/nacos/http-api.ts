/** GETs of Nacos' HTTP APIs with who we are, and their answers as JSON. */

import { type HttpClient, sentenceOf } from '../../http';
import { type Auth, NacosFailure, type NacosServer, type Resource } from '../../nacos';

export interface HttpApiOptions {
  readonly http: HttpClient;
  readonly auth: Auth;
  readonly timeoutMs: number;
}

export class HttpApi {
  constructor(readonly options: HttpApiOptions) {}

  /**
   * The answer to the first of `paths` that this version of Nacos has; `path` tells which.
   * Rejects with a NacosFailure that says what to do.
   */
  async get(server: NacosServer, paths: readonly string[], resource?: Resource) {
    let missing = '';
    for (const path of paths) {
      const { status, body } = await this.#get(server, path, resource);
      const plain = path.split('?')[0];
      if (status === 200) return { path, json: parse(body, `${server.base}${plain}`) };
      if (status === 401 || status === 403) {
        this.options.auth.refused();
        const advice = 'check `username` and `password` and the rights of that user';
        throw new NacosFailure(`${server.base} refuses ${plain} (${status}); ${advice}`, 'refused', status);
      }
      missing = `${plain}: ${status}`;
    }
    throw new NacosFailure(`${server.base} is no HTTP API of Nacos (${missing})`, 'refused');
  }

  async #get(server: NacosServer, path: string, resource: Resource | undefined) {
    const { http, auth, timeoutMs } = this.options;
    const headers = await auth.headers(server, resource);
    // 2.x looks for the token, and for signatures, in the query; 3.x in both places.
    const url = new URL(`${server.base}${path}`);
    for (const [name, value] of Object.entries(headers)) url.searchParams.set(name, value);
    try {
      return await http.get({ url: url.href, headers, timeoutMs });
    } catch (error) {
      throw new NacosFailure(sentenceOf(error, server.base), 'unreachable');
    }
  }
}

// biome-ignore lint/suspicious/noExplicitAny: any JSON; each caller checks what it uses
function parse(body: Buffer, from: string): any {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (error) {
    throw new NacosFailure(`${from} answers with no JSON: ${(error as Error).message}`, 'answer');
  }
}
