/** One call as it is compared: what the client got and what the backends saw. */

import type { Seen } from './backends';
import type { Outcome } from './side';

export type Headers = readonly (readonly [string, string])[];

export interface SeenFacts {
  readonly backend: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body: string;
  readonly tls: string;
}

export interface Facts {
  readonly status: number;
  readonly reason: string;
  readonly headers: Headers;
  readonly body: string;
  readonly trailers: readonly string[];
  readonly error: string;
  readonly seen: readonly SeenFacts[];
  /** The answer is a backend's, not the proxy's. */
  readonly backendAnswered: boolean;
}

export function factsOf(outcome: Outcome, seen: readonly Seen[]): Facts {
  const { status, reason, body, trailers, error } = outcome;
  const headers: [string, string][] = [];
  for (let i = 0; i < outcome.headers.length; i += 2) {
    headers.push([outcome.headers[i]!, outcome.headers[i + 1]!]);
  }
  const backendAnswered = headers.some(
    ([name, value]) => name.toLowerCase() === 'content-type' && value === 'text/echo',
  );
  return {
    status,
    reason,
    headers,
    body,
    trailers,
    error,
    backendAnswered,
    seen: seen.map(({ connection: _, ...each }) => each),
  };
}

/** In short: `b1`, `503 b2`, `404`, `ECONNRESET`; with `+` for each backend hit more than the one that answered. */
export function inShort(facts: Facts): string {
  const parts: string[] = [];
  if (facts.status !== 200 || !facts.backendAnswered) parts.push(String(facts.status));
  if (facts.backendAnswered) parts.push(facts.seen.at(-1)?.backend ?? 'nobody');
  if (facts.error !== '') parts.push(facts.error);
  return parts.filter((part) => part !== '0').join(' ');
}
