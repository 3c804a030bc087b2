/**
 * What a conformance case says. Texts may have placeholders: `$host`, `$name`, and ports such as `$b1`, `$s1` (TLS), `$refused`,
 * and the folder `$certs`.
 */

import type { Steps } from './steps';

export interface RequestSpec {
  /** `GET` when absent. */
  readonly method?: string;
  /** `$host` when absent. */
  readonly host?: string;
  /** 80 when absent; a placeholder for a backend's port. */
  readonly port?: number | string;
  /** `/` when absent. */
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Text, or so many bytes. */
  readonly body?: string | number;
  /** The body in pieces, each so many milliseconds after the one before. */
  readonly pieces?: { readonly every: number; readonly texts: readonly string[] };
  /** What the backends do with it. */
  readonly steps?: Steps;
  /** Sent so often. */
  readonly times?: number;
  /** Milliseconds to wait before it is sent. */
  readonly pauseMs?: number;
}

/** Who calls: a node of its own for istiod, an Envoy of its own. */
export type ClientName = 'shop' | 'closed' | 'scoped' | 'labelled';

/** What is compared besides status, body, headers and what the backends saw. */
export interface Comparison {
  /**
   * Which backends took the call: `exact` (the default) in order, `count` the same number by backend over the whole
   * case, `distribution` (chi-square), `any`.
   */
  readonly backends?: 'exact' | 'count' | 'distribution' | 'any';
  /** For `distribution`: the shares that both sides must fit, by backend. */
  readonly shares?: Readonly<Record<string, number>>;
  /** Requests are sent at once, and outcomes compared as a set. */
  readonly together?: boolean;
  /** Every call of both sides takes between these milliseconds. */
  readonly ms?: readonly [number, number];
  /** Copies are sent beside the call: which one arrives first is chance. */
  readonly mirrored?: boolean;
  /** The pattern of connections to the backends is the same. */
  readonly connections?: boolean;
  /** Further differences that are on purpose, by name of the part (`response header etag`), with the reason. */
  readonly tolerate?: Readonly<Record<string, string>>;
}

export interface Case extends Comparison {
  readonly title: string;
  /** Istio objects. */
  readonly yaml: string;
  readonly requests: readonly RequestSpec[];
  /**
   * What Envoy does, per request in short: `b1` is the echo of a backend, `503 b2` its answer with another status,
   * `404` an answer of the proxy, `ECONNRESET` an error. One text stands for all requests. Absent for distributions.
   */
  readonly expect?: string | readonly string[];
  readonly client?: ClientName;
}

/** Cases about one thing. */
export interface CaseGroup {
  readonly title: string;
  readonly cases: readonly Case[];
}
