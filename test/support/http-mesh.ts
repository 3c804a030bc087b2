/** The static mesh of an HTTP fixture, as plain data. */

import type { CircuitBreakers, UpstreamTls } from '../../src/model';

export interface TestService {
  readonly host: string;
  /** The port that the application calls. */
  readonly port: number;
  /** Ports on 127.0.0.1. */
  readonly endpoints: readonly number[];
  /** The application speaks TLS itself. */
  readonly tls?: boolean;
  /** TLS that begins here. */
  readonly upstreamTls?: Omit<UpstreamTls, 'kind'>;
  /** Only paths with this prefix have a route. */
  readonly prefix?: string;
  /** Envoy's conditions; none = no retries. */
  readonly retryOn?: readonly string[];
  readonly retries?: number;
  readonly backOffMs?: number;
  readonly perTryTimeoutMs?: number;
  readonly timeoutMs?: number;
  readonly connectTimeoutMs?: number;
  readonly maxRequestsPerConnection?: number;
  readonly setHeaders?: Readonly<Record<string, string>>;
  /** Ports on 127.0.0.1 that get a copy of every call, each a cluster of its own. */
  readonly mirrors?: readonly number[];
  /** Of the cluster; what is absent is unlimited. */
  readonly limits?: Readonly<Partial<CircuitBreakers>>;
  /** Injected into every call. */
  readonly fault?: { readonly delayMs?: number; readonly abort?: number };
}

export interface TestMesh {
  readonly services: readonly TestService[];
  /** The control plane never answers. */
  readonly silent?: boolean;
  readonly firstUseTimeoutMs?: number;
}
