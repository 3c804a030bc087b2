/** Who we are: nobody, a user with a token that is renewed, or an access key that signs each request. */

import { createHmac } from 'node:crypto';
import { credential, type HttpClient, sentenceOf } from '../http';
import type { NacosConnectionConfig } from './config';
import { NacosFailure } from './failure';
import type { NacosServer } from './servers';

export type Headers = Readonly<Record<string, string>>;

/** What a request is about, for a signature. */
export type Resource =
  | { readonly kind: 'naming'; readonly group: string; readonly name: string }
  | { readonly kind: 'config'; readonly tenant: string; readonly group: string };

export interface Auth {
  /** Headers of one request by way of `server`. Throws a sentence when they cannot be had. */
  headers(server: NacosServer, resource?: Resource): Promise<Headers>;
  /** The server did not accept them: true if fresh ones may help. */
  refused(): boolean;
}

export interface AuthOptions {
  readonly config: NacosConnectionConfig;
  readonly http: HttpClient;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export function createAuth(options: AuthOptions): Auth {
  const { username, usernameFile, accessKey, accessKeyFile } = options.config;
  if (username !== undefined || usernameFile !== undefined) return new UserAuth(options);
  if (accessKey !== undefined || accessKeyFile !== undefined) return new KeyAuth(options);
  return { headers: async () => ({}), refused: () => false };
}

/** A failed renewal is tried again this much later; the old token serves as long as it is valid. */
const RETRY_RENEWAL_MS = 5_000;
const DEFAULT_TTL_S = 18_000;

interface Token {
  readonly value: string;
  /** A tenth of its life before its end, as Nacos' own clients do. */
  renewAt: number;
  readonly validUntil: number;
}

class UserAuth implements Auth {
  #token: Token | undefined;
  #login: Promise<Token> | undefined;

  constructor(readonly options: AuthOptions) {}

  async headers(server: NacosServer): Promise<Headers> {
    const token = this.#token;
    const now = this.options.now();
    if (token && now < token.renewAt) return { accessToken: token.value };
    try {
      this.#login ??= this.#logIn(server).finally(() => {
        this.#login = undefined;
      });
      this.#token = await this.#login;
    } catch (error) {
      if (!token || now >= token.validUntil) throw error;
      token.renewAt = now + RETRY_RENEWAL_MS;
      return { accessToken: token.value };
    }
    return { accessToken: this.#token.value };
  }

  refused(): boolean {
    const had = this.#token !== undefined;
    this.#token = undefined;
    return had;
  }

  /** Nacos 3 first, then the path of 2.x. */
  async #logIn(server: NacosServer): Promise<Token> {
    const { config, now } = this.options;
    const [username, password] = await Promise.all([
      credential({ key: 'username', value: config.username, file: config.usernameFile }),
      credential({ key: 'password', value: config.password, file: config.passwordFile }),
    ]);
    const form = { username: username ?? '', password: password ?? '' };
    let last = '';
    for (const path of ['/v3/auth/user/login', '/v1/auth/users/login']) {
      const { status, body } = await this.#post(`${server.base}${path}`, form);
      const token = status === 200 ? tokenOf(body) : undefined;
      if (token) {
        const life = token.ttlSeconds * 1000;
        return { value: token.value, renewAt: now() + life * 0.9, validUntil: now() + life };
      }
      last = `${status}: ${body.toString('utf8').trim().slice(0, 200) || 'no reason given'}`;
    }
    const advice = 'check username and password (or their files)';
    throw new NacosFailure(`${server.base}: the login is refused (${last}); ${advice}`, 'refused', 403);
  }

  async #post(url: string, form: Readonly<Record<string, string>>) {
    const { http, config } = this.options;
    // 2.x takes the user from the query only in old versions, from the form in all.
    return http.post({ url, timeoutMs: config.requestTimeoutMs }, form).catch((error: unknown) => {
      throw new NacosFailure(`login at ${sentenceOf(error, url)}`, 'unreachable');
    });
  }
}

function tokenOf(body: Buffer): { value: string; ttlSeconds: number } | undefined {
  try {
    const { data, ...rest } = JSON.parse(body.toString('utf8'));
    const { accessToken, tokenTtl } = data ?? rest;
    if (typeof accessToken !== 'string' || accessToken === '') return undefined;
    const ttlSeconds = Number(tokenTtl);
    return { value: accessToken, ttlSeconds: ttlSeconds > 0 ? ttlSeconds : DEFAULT_TTL_S };
  } catch {
    // No JSON: an error page, told by the caller.
    return undefined;
  }
}

/** nacos: client/.../NamingResourceInjector and ConfigResourceInjector. */
class KeyAuth implements Auth {
  constructor(readonly options: AuthOptions) {}

  async headers(_server: NacosServer, resource?: Resource): Promise<Headers> {
    const { config, now } = this.options;
    const [accessKey = '', secretKey = ''] = await Promise.all([
      credential({ key: 'accessKey', value: config.accessKey, file: config.accessKeyFile }),
      credential({ key: 'secretKey', value: config.secretKey, file: config.secretKeyFile }),
    ]);
    const at = String(now());
    if (resource?.kind === 'config') {
      const { tenant, group } = resource;
      const signed = `${tenant === '' ? group : `${tenant}+${group}`}+${at}`;
      return { 'Spas-AccessKey': accessKey, Timestamp: at, 'Spas-Signature': sign(signed, secretKey) };
    }
    const named = resource !== undefined && resource.name !== '';
    const data = named ? `${at}@@${resource.group}@@${resource.name}` : at;
    return { ak: accessKey, data, signature: sign(data, secretKey) };
  }

  refused(): boolean {
    return false;
  }
}

function sign(data: string, secretKey: string): string {
  return createHmac('sha1', secretKey).update(data).digest('base64');
}
