import { NO_HEADER_CHANGES, type PathMatch, type Route } from '../src/model';
import { compileVirtualHost, MatchInput, type RequestHead } from '../src/routing';
import type { Bench } from './row';

const BUDGET_MS = 1;
const ROUNDS = 30;
/** Patterns of which none is a literal in disguise. */
const PATTERNS = [
  (i: number) => `/api/v${i}/.*[0-9]+`,
  (i: number) => `.*foo${i}[a-z]+.*`,
  (i: number) => `/a.*/x${i}[0-9]*`,
  (i: number) => `.*/(users|orders)${i}/[^/]+`,
  (i: number) => `/api/([^/]+/)*item${i}`,
];

/** Finding the route of a call: the worst case, in which none matches. */
export const matcher: Bench = {
  name: 'matcher',
  async run() {
    const { plain, regex, doubled } = measureMatcher();
    return [
      {
        what: 'matcher, 1,000 exact and prefix routes',
        measured: `${plain.toFixed(2)} ms`,
        budget: `≤ ${BUDGET_MS} ms`,
        within: plain <= BUDGET_MS,
      },
      {
        what: 'matcher, 50 regexes on 8 KB',
        measured: `${regex.toFixed(2)} ms`,
        budget: `≤ ${BUDGET_MS} ms`,
        within: regex <= BUDGET_MS,
      },
      {
        what: 'matcher, twice the length (128 KB after 64 KB)',
        measured: `${doubled.toFixed(2)} times`,
        budget: 'linear',
        within: doubled <= 2.5,
      },
    ];
  },
};

/** Milliseconds, and how many times longer twice the input takes. */
export function measureMatcher(): { plain: number; regex: number; doubled: number } {
  const paths = Array.from({ length: 1000 }, (_, i) =>
    route({ kind: i % 2 ? 'exact' : 'prefix', value: `/service/${i}/items`, caseSensitive: i % 5 !== 0 }),
  );
  const regexes = Array.from({ length: 50 }, (_, i) => {
    const pattern = PATTERNS[i % PATTERNS.length] as (i: number) => string;
    return route({ kind: 'regex', value: pattern(i), caseSensitive: true });
  });
  const plain = cost(paths, () => '/service/none');
  const regex = cost(regexes, (round) => long(8 * 1024, round));
  const short = cost(regexes, (round) => long(64 * 1024, round));
  const twice = cost(regexes, (round) => long(128 * 1024, round));
  return { plain, regex, doubled: twice / short };
}

/** Least milliseconds of a match among `routes`; every round has a path of its own, so that nothing is remembered. */
function cost(routes: readonly Route[], path: (round: number) => string): number {
  const virtualHost = {
    name: 'bench',
    domains: ['*'],
    routes,
    headers: NO_HEADER_CHANGES,
    includeRequestAttemptCount: false,
  };
  const compiled = compileVirtualHost(
    virtualHost,
    () => undefined,
    (name, reason) => {
      throw new Error(`${name}: ${reason}`);
    },
  );
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const input = new MatchInput(HEAD, path(round), 'bench', Math.random);
    const from = performance.now();
    if (compiled.match(input) !== undefined) throw new Error('a route matched');
    least = Math.min(least, performance.now() - from);
  }
  return least;
}

const HEAD = {
  scheme: 'http',
  method: 'GET',
  path: '/',
  authority: 'bench',
  header: () => undefined,
} as RequestHead;

/** A path of about `length` characters that differs from every other. */
function long(length: number, salt: number): string {
  return `/api/${'ab1/'.repeat(length / 4 - 3)}${salt}`;
}

function route(path: PathMatch): Route {
  return {
    name: path.value,
    match: { path, headers: [], query: [] },
    action: { kind: 'direct-response', status: 200, body: '' },
    headers: NO_HEADER_CHANGES,
  };
}
