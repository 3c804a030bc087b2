import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { HeaderMatch, QueryMatch, Route, RouteMatch, StringMatch } from '../../../src/model';
import { compileVirtualHost } from '../../../src/routing';
import { explainRoutes } from '../../../src/routing/explain';
import { matchInput } from '../../support/http-head';
import { forward, route, virtualHost } from '../../support/static-feed';

const ANY: RouteMatch['path'] = { kind: 'prefix', value: '/', caseSensitive: true };
function named(name: string, match: Partial<RouteMatch>): Route {
  return route(forward('c'), '/', { name, match: { path: ANY, headers: [], query: [], ...match } });
}
function header(name: string, match: Partial<StringMatch>, more: Partial<HeaderMatch> = {}): HeaderMatch {
  const value = { kind: 'exact', value: '', ignoreCase: false, ...match } as const;
  return { name, test: { kind: 'string', match: value }, invert: false, treatMissingAsEmpty: false, ...more };
}
const verdicts = (routes: readonly Route[], path: string, headers = {}) =>
  explainRoutes(virtualHost(['reviews'], routes), matchInput(path, { headers })).map(
    ({ verdict }) => verdict,
  );

describe('why a route matches', () => {
  it('each route has a verdict, and each condition what it wants and what the call has', () => {
    const query: QueryMatch[] = [{ name: 'v', test: { kind: 'present', present: true } }];
    const routes = [
      named('canary', {
        path: { kind: 'prefix', value: '/api', caseSensitive: true },
        headers: [
          header('x-user', { value: 'beta' }),
          header(':method', { value: 'POST' }, { invert: true }),
        ],
        query,
      }),
      named('rest', {}),
      named('never', {}),
    ];
    assert.deepEqual(verdicts(routes, '/api?v'), ['no', 'chosen', 'later']);
    const [canary] = explainRoutes(virtualHost(['r'], routes), matchInput('/api?v=1'));
    assert.deepEqual(canary!.conditions, [
      { subject: 'path', wanted: 'prefix "/api"', actual: '/api', holds: true },
      { subject: 'header x-user', wanted: 'exact "beta"', actual: null, holds: false },
      { subject: 'method', wanted: 'not exact "POST"', actual: 'GET', holds: true },
      { subject: 'query v', wanted: 'present', actual: '1', holds: true },
    ]);
  });

  it('a share of the calls is "sometimes", and the next route that matches is chosen', () => {
    const some = named('some', { runtimeFraction: { numerator: 30, denominator: 100 } });
    const none = named('none', { runtimeFraction: { numerator: 0, denominator: 100 } });
    const all = named('all', { runtimeFraction: { numerator: 100, denominator: 100 } });
    assert.deepEqual(verdicts([some, none, all, some], '/'), ['sometimes', 'no', 'chosen', 'later']);
  });

  it('a route that cannot be compiled is broken, with the reason', () => {
    const broken = named('broken', { path: { kind: 'regex', value: '(', caseSensitive: true } });
    const [first, second] = explainRoutes(virtualHost(['r'], [broken, named('b', {})]), matchInput('/'));
    assert.equal(first!.verdict, 'broken');
    assert.match(first!.problem!, /missing/);
    assert.equal(second!.verdict, 'chosen');
  });

  it('the chosen route is always the one that a call would take', () => {
    const text = fc.constantFrom('', '/', '/a', '/a/b', '/A', 'beta', 'b', '/a/', 'x');
    const match = fc.record({
      kind: fc.constantFrom('exact', 'prefix', 'suffix', 'contains', 'regex'),
      value: text,
      ignoreCase: fc.constant(false),
    }) as fc.Arbitrary<StringMatch>;
    const headers = fc.array(
      fc.record({
        name: fc.constantFrom('x-user', ':path', ':method', 'host'),
        test: fc.oneof(
          match.map((each) => ({ kind: 'string', match: each })),
          fc.boolean().map((present) => ({ kind: 'present', present })),
        ),
        invert: fc.boolean(),
        treatMissingAsEmpty: fc.boolean(),
      }),
      { maxLength: 2 },
    ) as fc.Arbitrary<HeaderMatch[]>;
    const path = fc.record({
      kind: fc.constantFrom('exact', 'prefix', 'regex', 'path-separated-prefix'),
      value: text,
      caseSensitive: fc.boolean(),
    }) as fc.Arbitrary<RouteMatch['path']>;
    const routes = fc.array(fc.record({ path, headers, query: fc.constant([]) }), { maxLength: 6 });
    fc.assert(
      fc.property(routes, text, fc.option(text, { nil: undefined }), (matches, target, user) => {
        const all = virtualHost(
          ['r'],
          matches.map((each, at) => named(String(at), each)),
        );
        const input = matchInput(target, { headers: user === undefined ? {} : { 'x-user': user } });
        const compiled = compileVirtualHost(
          all,
          () => undefined,
          () => undefined,
        );
        const chosen = explainRoutes(all, input).find(({ verdict }) => verdict === 'chosen');
        assert.equal(chosen?.route.name, compiled.match(input)?.route.name);
      }),
      { seed: 13, numRuns: 500 },
    );
  });
});
