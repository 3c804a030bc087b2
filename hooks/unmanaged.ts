/**
 * Clients that inmesh does not manage yet are named once, when they are first used: `fetch` and undici, http2, gRPC.
 *
 * `fetch` and undici by their diagnostics channel `undici:request:create`, left again after the first message.
 * Patched: `http2.connect`, when `http2` is required (on Node 22 and later `import`ed http2 is seen too, by the channel
 * `http2.client.stream.created`); put back after the first use. Nothing is changed about the calls themselves.
 */

import { channel } from 'node:diagnostics_channel';
import { callStack } from '../src/observe';
import { setImmediate } from '../src/observe/native';
import type { Hook, HookContext } from './hook';
import { registerBuiltinHook, registerLibraryHook } from './library';

const UNDICI = 'undici:request:create';
const HTTP2_STREAM = 'http2.client.stream.created';
const MOST_LOOKS = 20;

type Connect = (...args: unknown[]) => unknown;

export const unmanagedHook: Hook = {
  name: 'unmanaged',
  library: 'fetch, undici, http2, gRPC',
  versions: 'any',
  symbols: ['http2.connect'],
  effect: 'Says once in a line that calls of this client go their own way. Changes nothing about them.',
  install(context) {
    watchUndici(context);
    watchHttp2(context);
  },
};

/** Looks at the stacks of the first uses, a bounded number of them: a stack costs what a hot path must not. */
class Lookout {
  readonly #waiting: Set<string>;
  #looks = MOST_LOOKS;

  constructor(
    private readonly context: HookContext,
    clients: readonly string[],
    private readonly clientOf: (stack: string) => string,
  ) {
    this.#waiting = new Set(clients);
  }

  /** One use of a client, somewhere up the stack. True, once, when there is nothing left to look for. */
  used(): boolean {
    if (this.#waiting.size === 0 || this.#looks <= 0) return false;
    const client = this.clientOf(callStack());
    if (this.#waiting.delete(client) && this.context.enabled()) {
      const message = `Calls by ${client} are not managed yet: they go where they would without the mesh.`;
      this.context.log.line('warn', 'client.unmanaged', message, { client }, client);
    }
    this.#looks--;
    return this.#waiting.size === 0 || this.#looks <= 0;
  }
}

/** Node's own copy (behind `fetch`) and the package share one channel. */
function watchUndici(context: HookContext): void {
  const requests = channel(UNDICI);
  const clientOf = (stack: string) => (stack.includes('node:internal/deps/undici') ? 'fetch' : 'undici');
  const watch = (client: string) => {
    const lookout = new Lookout(context, [client], clientOf);
    const onRequest = () => {
      if (lookout.used()) later(() => requests.unsubscribe(onRequest));
    };
    requests.subscribe(onRequest);
  };
  watch('fetch');
  registerLibraryHook({
    package: 'undici',
    versions: '*',
    missing: 'it is not named when its calls are not managed',
    patch: () => watch('undici'),
    failed: (error) => context.failed(error),
  });
}

/** A channel that loses its last subscriber while it publishes throws into the publisher on Node 18. */
function later(action: () => void): void {
  setImmediate(action).unref();
}

function watchHttp2(context: HookContext): void {
  const clientOf = (stack: string) => (stack.includes('grpc-js') ? 'gRPC' : 'http2');
  const lookout = new Lookout(context, ['gRPC', 'http2'], clientOf);
  const streams = channel(HTTP2_STREAM);
  const onStream = () => {
    if (lookout.used()) later(() => streams.unsubscribe(onStream));
  };
  streams.subscribe(onStream);
  registerBuiltinHook({
    name: 'http2',
    patch: (exports) => patchConnect(exports as { connect: Connect }, lookout),
    failed: (error) => context.failed(error),
  });
}

function patchConnect(http2: { connect: Connect }, lookout: Lookout): void {
  const original = http2.connect;
  function connect(this: unknown, ..._args: unknown[]): unknown {
    if (http2.connect === connect && lookout.used()) http2.connect = original;
    return Reflect.apply(original, this, arguments);
  }
  Object.defineProperty(connect, 'length', { value: original.length });
  http2.connect = connect;
}
