/** Mocks of tests that must stay in front of us. */

const SOCKETS = Symbol.for('socket-interceptor');

/** `@mswjs/interceptors`, under msw 3 and nock 15. */
interface Interceptors {
  readonly __MSW_INTERCEPTORS_REGISTRY?: {
    get(symbol: symbol): { readonly readyState?: unknown } | undefined;
  };
}

/**
 * A mock that plays the server behind every socket is at work: it knows a call by the host that is dialled, so a call
 * led to an endpoint's address would pass it by.
 */
export function socketsAreMocked(): boolean {
  const { __MSW_INTERCEPTORS_REGISTRY: registry } = globalThis as Interceptors;
  return registry !== undefined && registry.get(SOCKETS)?.readyState === 'ACTIVE';
}
