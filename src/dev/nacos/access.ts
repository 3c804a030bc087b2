/** Who may ask: everybody, users with a token from the login, or holders of an access key that sign each request. */

import { createHmac, randomBytes } from 'node:crypto';

export interface AccessOptions {
  /** Passwords by user. Without users and keys everybody may do everything. */
  readonly users?: Readonly<Record<string, string>>;
  /** Secret keys by access key. */
  readonly accessKeys?: Readonly<Record<string, string>>;
  /** Seconds; 18,000 when absent, as Nacos has it. */
  readonly tokenTtl?: number;
}

const DEFAULT_TTL_S = 18_000;

export class Access {
  readonly #tokens = new Map<string, number>();
  /** How many logins succeeded. */
  logins = 0;

  constructor(
    readonly options: AccessOptions,
    readonly now: () => number,
  ) {}

  get required(): boolean {
    return this.options.users !== undefined || this.options.accessKeys !== undefined;
  }

  /** The answer to a login; undefined: refused. */
  logIn(username: string, password: string): { accessToken: string; tokenTtl: number } | undefined {
    if (password === '' || this.options.users?.[username] !== password) return undefined;
    const tokenTtl = this.options.tokenTtl ?? DEFAULT_TTL_S;
    const accessToken = randomBytes(12).toString('hex');
    this.#tokens.set(accessToken, this.now() + tokenTtl * 1_000);
    this.logins++;
    return { accessToken, tokenTtl };
  }

  /** Why the bearer of these headers (or query parameters) may not ask; undefined: may. As Nacos words it. */
  refusal(headers: Readonly<Record<string, string | undefined>>): string | undefined {
    if (!this.required) return undefined;
    const { accessToken, ak, data, signature } = headers;
    if (accessToken !== undefined)
      return (this.#tokens.get(accessToken) ?? 0) > this.now() ? undefined : 'token invalid!';
    const secret = ak === undefined ? undefined : this.options.accessKeys?.[ak];
    if (secret === undefined || data === undefined)
      return 'User not found! Please check user exist or password is right!';
    const right = createHmac('sha1', secret).update(data).digest('base64');
    return right === signature ? undefined : 'signature invalid!';
  }

  /** Every token is void, as after a restart with another secret. */
  forgetTokens(): void {
    this.#tokens.clear();
  }
}
