/**
 * Every difference between inmesh and Envoy that is on purpose, with its reason. `docs/traffic.md` prints it. A row
 * makes both sides alike before they are compared; what no row names must be equal.
 */

import type { Facts, Headers } from './facts';

export interface Tolerated {
  readonly what: string;
  readonly why: string;
  /** The facts of either side without the difference. */
  readonly apply: (facts: Facts) => Facts;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[49][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

export const TOLERATED: readonly Tolerated[] = [
  {
    what: 'letter case and order of header names',
    why: 'a request keeps the names as the application wrote them, a response as the backend did; Envoy lower-cases all',
    apply: onHeaders((headers) =>
      headers
        .map(([name, value]) => [name.toLowerCase(), value] as const)
        .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)),
    ),
  },
  {
    what: '`server` on answers of a backend',
    why: "the backend's own (or none) is what the application would see without a proxy",
    apply: (facts) => (facts.backendAnswered ? { ...facts, headers: drop(facts.headers, 'server') } : facts),
  },
  {
    what: '`connection`, `keep-alive`, `transfer-encoding`',
    why: 'hop by hop: each side of a proxy has its own',
    apply: onHeaders((headers) => drop(headers, 'connection', 'keep-alive', 'transfer-encoding')),
  },
  {
    what: '`content-length: 0` that Envoy adds to a request without body',
    why: "the framing of the application's request is never changed",
    apply: (facts) => ({
      ...facts,
      seen: facts.seen.map((each) => ({
        ...each,
        headers: each.headers.filter(([name, value]) => name !== 'content-length' || value !== '0'),
      })),
    }),
  },
  {
    what: 'an attempt on a reused connection that breaks before the answer is sent once more on a fresh one',
    why: 'a server that closes an idle connection is no failure of the call; the backends count both as one hit',
    apply: (facts) => facts,
  },
  {
    what: "reason phrases of a backend's answers",
    why: "the backend's own passes; Envoy writes its own",
    apply: (facts) => (facts.backendAnswered ? { ...facts, reason: '' } : facts),
  },
  {
    what: '`content-length: 0` on a 204 of a backend',
    why: "the backend's own framing passes; Envoy removes it",
    apply: (facts) =>
      facts.status === 204 ? { ...facts, headers: drop(facts.headers, 'content-length') } : facts,
  },
  {
    what: '`date`',
    why: 'the time of the answer',
    apply: onHeaders((headers) => masked(headers, 'date', () => 'any')),
  },
  {
    what: 'address in `x-forwarded-for` of a mirrored request',
    why: "the sender's own: Envoy takes that of the machine, inmesh that of the process",
    apply: onHeaders((headers) =>
      headers.some(([name]) => name === 'x-envoy-internal')
        ? masked(headers, 'x-forwarded-for', (list) => list.replace(/[^ ,]+$/, 'own'))
        : headers,
    ),
  },
  {
    what: 'value of a made `x-request-id`',
    why: 'random; the version digit is 9 in the 1 % that Envoy samples for tracing',
    apply: onHeaders((headers) => masked(headers, 'x-request-id', (id) => (UUID.test(id) ? 'made' : id))),
  },
  {
    what: 'value of `x-envoy-upstream-service-time`',
    why: 'a measured time; the windows of the timing cases bound it',
    apply: onHeaders((headers) => masked(headers, 'x-envoy-upstream-service-time', () => 'any')),
  },
  {
    what: '`x-envoy-expected-rq-timeout-ms` of later attempts',
    why: 'what is left of a time-out when an attempt begins; the first attempt says it exactly',
    apply: onHeaders((headers) =>
      headers.some(([name, value]) => name === 'x-envoy-attempt-count' && value !== '1')
        ? masked(headers, 'x-envoy-expected-rq-timeout-ms', () => 'what is left')
        : headers,
    ),
  },
];

/** Both sides as they are compared. */
export function tolerate(facts: Facts): Facts {
  return TOLERATED.reduce((sofar, { apply }) => apply(sofar), facts);
}

function onHeaders(change: (headers: Headers) => Headers): (facts: Facts) => Facts {
  return (facts) => ({
    ...facts,
    headers: change(facts.headers),
    seen: facts.seen.map((each) => ({ ...each, headers: change(each.headers) })),
  });
}

function drop(headers: Headers, ...names: readonly string[]): Headers {
  return headers.filter(([name]) => !names.includes(name));
}

function masked(headers: Headers, wanted: string, mask: (value: string) => string): Headers {
  return headers.map(([name, value]) => [name, name === wanted ? mask(value) : value] as const);
}
