/** How calls learn of addresses that registry clients were given, without knowing of registries. */

import type { Remembered } from './address-book';

export interface AddressSource {
  /** Whose address it is; undefined = nobody's, or not for sure. */
  find(ip: string, port: number): Remembered | undefined;
  /** The answer depends on who asks: it must not be kept. */
  isShared(ip: string, port: number): boolean;
}

/** Empty until a registry client is loaded; calls ask it for hosts that they do not know. */
export class Addresses {
  #source: AddressSource | undefined;
  #listener: (() => void) | undefined;

  use(source: AddressSource): void {
    this.#source = source;
    this.changed();
  }

  find(ip: string, port: number): Remembered | undefined {
    return this.#source?.find(ip, port);
  }

  isShared(ip: string, port: number): boolean {
    return this.#source?.isShared(ip, port) === true;
  }

  /** Answers given before may not be true any more. */
  changed(): void {
    this.#listener?.();
  }

  listen(listener: () => void): void {
    this.#listener = listener;
  }
}
