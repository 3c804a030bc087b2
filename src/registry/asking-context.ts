import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * What an async context has looked up last. Where two services share an address, that says which one a call means.
 * No storage is made before an address is found to be shared: without there is nothing to confuse, and an
 * AsyncLocalStorage makes every await of the process slower on Node 22 and older.
 */
export class AskingContext {
  #storage: AsyncLocalStorage<string> | undefined;

  get last(): string | undefined {
    return this.#storage?.getStore();
  }

  /** From now on services do share addresses. */
  distinguish(): void {
    this.#storage ??= new AsyncLocalStorage();
  }

  lookedUp(host: string): void {
    this.#storage?.enterWith(host);
  }
}
