type Crypto = typeof import('node:crypto');
let crypto: Crypto | undefined;

/** A version 4 uuid. Node draws the randomness of many at once; loaded at the first call, not by the preload. */
export function newRequestId(): string {
  crypto ??= require('node:crypto') as Crypto;
  return crypto.randomUUID();
}
