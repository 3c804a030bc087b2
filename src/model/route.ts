/**
 * Routes as the control plane says them, in Envoy's words. Plain data: it crosses the worker's message port
 * and is compiled into matchers by `routing/`.
 */

/** Envoy's StringMatcher. A regex is RE2 and must match the whole value. */
export interface StringMatch {
  readonly kind: 'exact' | 'prefix' | 'suffix' | 'contains' | 'regex';
  readonly value: string;
  /** Never set for a regex: RE2's own `(?i)` does that. */
  readonly ignoreCase: boolean;
}

/** Where the path (without query) must match. `prefix` is Envoy's plain prefix: `/api` takes `/apix`. */
export interface PathMatch {
  readonly kind: 'exact' | 'prefix' | 'regex' | 'path-separated-prefix';
  readonly value: string;
  /** Applies to all kinds but `regex`. */
  readonly caseSensitive: boolean;
}

export type HeaderTest =
  | { readonly kind: 'string'; readonly match: StringMatch }
  /** Integer in [start, end). */
  | { readonly kind: 'range'; readonly start: number; readonly end: number }
  | { readonly kind: 'present'; readonly present: boolean };

/** Envoy's HeaderMatcher. `name` is lower case; `:method`, `:scheme`, `:authority`, `:path` are pseudo headers. */
export interface HeaderMatch {
  readonly name: string;
  readonly test: HeaderTest;
  readonly invert: boolean;
  readonly treatMissingAsEmpty: boolean;
}

export interface QueryMatch {
  /** Case-sensitive. */
  readonly name: string;
  readonly test:
    | { readonly kind: 'string'; readonly match: StringMatch }
    | { readonly kind: 'present'; readonly present: boolean };
}

/** A share of calls: numerator of denominator (100, 10 000 or 1 000 000). */
export interface Fraction {
  readonly numerator: number;
  readonly denominator: number;
}

export interface RouteMatch {
  readonly path: PathMatch;
  readonly headers: readonly HeaderMatch[];
  readonly query: readonly QueryMatch[];
  readonly runtimeFraction?: Fraction;
}

export type HeaderAppendAction =
  | 'append-if-exists-or-add'
  | 'add-if-absent'
  | 'overwrite-if-exists-or-add'
  | 'overwrite-if-exists';

export interface HeaderValueOption {
  readonly name: string;
  /** May hold command operators (`%REQ(:PATH)%`). */
  readonly value: string;
  readonly action: HeaderAppendAction;
  readonly keepEmptyValue: boolean;
}

/** Changes of one header section: first `remove`, then `add` in order. */
export interface HeaderOperations {
  readonly remove: readonly string[];
  readonly add: readonly HeaderValueOption[];
}

export interface HeaderChanges {
  readonly request: HeaderOperations;
  readonly response: HeaderOperations;
}

export interface RegexRewrite {
  readonly regex: string;
  /** RE2 substitution: `\1` is the first group. */
  readonly substitution: string;
}

export type RetryOn =
  | '5xx'
  | 'gateway-error'
  | 'reset'
  | 'reset-before-request'
  | 'connect-failure'
  | 'refused-stream'
  | 'retriable-4xx'
  | 'retriable-status-codes'
  | 'retriable-headers'
  | 'envoy-ratelimited';

export interface RetryBackOff {
  /** Milliseconds; Envoy's default is 25. */
  readonly baseMs: number;
  /** Milliseconds; Envoy's default is ten times the base. */
  readonly maxMs: number;
}

export interface RateLimitedBackOff {
  readonly resetHeaders: readonly { readonly name: string; readonly format: 'seconds' | 'unix-timestamp' }[];
  readonly maxMs: number;
}

export interface RetryPolicy {
  /** Conditions known to HTTP; gRPC's (`unavailable`, `cancelled` …) are dropped for HTTP/1.1. */
  readonly on: readonly RetryOn[];
  readonly retriableStatusCodes: readonly number[];
  readonly retriableHeaders: readonly HeaderMatch[];
  /** Further attempts after the first. */
  readonly numRetries: number;
  /** Milliseconds; 0 = none. */
  readonly perTryTimeoutMs: number;
  /** Prefer hosts that this call has not tried (`previous_hosts` predicate). */
  readonly avoidPreviousHosts: boolean;
  readonly hostSelectionMaxAttempts: number;
  readonly backOff: RetryBackOff;
  readonly rateLimitedBackOff?: RateLimitedBackOff;
}

export type HashPolicy =
  | { readonly kind: 'header'; readonly name: string; readonly terminal: boolean }
  | {
      readonly kind: 'cookie';
      readonly name: string;
      /** Milliseconds; undefined = never made, 0 = session cookie. */
      readonly ttlMs?: number;
      readonly path: string;
      readonly terminal: boolean;
    }
  | { readonly kind: 'source-ip'; readonly terminal: boolean }
  | { readonly kind: 'query'; readonly name: string; readonly terminal: boolean };

export interface MirrorPolicy {
  readonly cluster: string;
  readonly fraction?: Fraction;
  readonly shadowSuffix: boolean;
}

export interface WeightedCluster {
  readonly name: string;
  readonly weight: number;
  readonly headers: HeaderChanges;
  readonly hostRewrite?: string;
}

export interface ForwardAction {
  readonly kind: 'forward';
  /** At least one; weights are relative to their sum. A single `cluster` action is one entry of weight 1. */
  readonly clusters: readonly WeightedCluster[];
  /** True if the control plane sent `weighted_clusters`: decides header precedence. */
  readonly weighted: boolean;
  readonly prefixRewrite?: string;
  readonly regexRewrite?: RegexRewrite;
  readonly hostRewrite?: string;
  /** Whole call, milliseconds; 0 = none. */
  readonly timeoutMs: number;
  readonly retry?: RetryPolicy;
  readonly hashPolicies: readonly HashPolicy[];
  readonly mirrors: readonly MirrorPolicy[];
  /** Status when the cluster does not exist; Envoy's default is 503. */
  readonly clusterNotFoundStatus: number;
}

export interface RedirectAction {
  readonly kind: 'redirect';
  readonly status: 301 | 302 | 303 | 307 | 308;
  readonly scheme?: string;
  readonly host?: string;
  /** undefined = keep the request's. */
  readonly port?: number;
  readonly path?: string;
  readonly prefixRewrite?: string;
  readonly regexRewrite?: RegexRewrite;
  readonly stripQuery: boolean;
}

export interface DirectResponseAction {
  readonly kind: 'direct-response';
  readonly status: number;
  readonly body: string;
}

export interface FaultPolicy {
  readonly delay?: { readonly ms: number; readonly fraction: Fraction };
  readonly abort?: { readonly status: number; readonly fraction: Fraction };
}

export interface CorsPolicy {
  readonly allowOrigins: readonly StringMatch[];
  readonly allowMethods: string;
  readonly allowHeaders: string;
  readonly exposeHeaders: string;
  readonly maxAge: string;
  readonly allowCredentials: boolean;
  readonly forwardNotMatchingPreflights: boolean;
}

/** The Istio object a resource was made from (`filter_metadata.istio.config`). */
export interface ConfigOrigin {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

export interface Route {
  readonly name: string;
  readonly match: RouteMatch;
  readonly action: ForwardAction | RedirectAction | DirectResponseAction;
  readonly headers: HeaderChanges;
  readonly fault?: FaultPolicy;
  readonly cors?: CorsPolicy;
  readonly decoratorOperation?: string;
  /** Bytes of request body that may be kept for a replay. */
  readonly perRequestBufferLimitBytes?: number;
  readonly origin?: ConfigOrigin;
}

export interface VirtualHost {
  readonly name: string;
  /** Exact (`a.b`), suffix (`*.b`), prefix (`a.*`) or `*`; lower case. */
  readonly domains: readonly string[];
  readonly routes: readonly Route[];
  readonly headers: HeaderChanges;
  readonly includeRequestAttemptCount: boolean;
}

export const NO_HEADER_CHANGES: HeaderChanges = {
  request: { remove: [], add: [] },
  response: { remove: [], add: [] },
};
