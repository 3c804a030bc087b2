import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type HeaderMatch, NO_HEADER_CHANGES, type Route, type RouteMatch } from '../../../src/model';
import { compileVirtualHost } from '../../../src/routing';
import { head, matchInput } from '../../support/http-head';
import { seededRandom } from '../../support/seeded-random';
import { forward, route, virtualHost } from '../../support/static-feed';

function compile(routes: readonly Route[], bad: string[] = []) {
  return compileVirtualHost(
    virtualHost(['reviews'], routes),
    () => undefined,
    (name, reason) => bad.push(`${name}: ${reason}`),
  );
}
function named(name: string, match: Partial<RouteMatch>): Route {
  const all = { path: { kind: 'prefix', value: '/', caseSensitive: true }, headers: [], query: [] } as const;
  return route(forward('c'), '/', { name, match: { ...all, ...match } });
}
function regexPath(value: string): RouteMatch['path'] {
  return { kind: 'regex', value, caseSensitive: true };
}
const method: HeaderMatch = {
  name: ':method',
  test: { kind: 'string', match: { kind: 'exact', value: 'POST', ignoreCase: false } },
  invert: false,
  treatMissingAsEmpty: false,
};

describe('virtual host', () => {
  it('the first route that matches is taken', () => {
    const host = compile([named('post', { headers: [method] }), named('first', {}), named('second', {})]);
    assert.equal(host.match(matchInput('/'))?.route.name, 'first');
    assert.equal(host.match(matchInput('/', { method: 'POST' }))?.route.name, 'post');
  });
  it('all conditions of a route must hold', () => {
    const query = [{ name: 'v', test: { kind: 'present', present: true } }] as const;
    const host = compile([named('all', { headers: [method], query, path: { ...regexPath('/a+') } })]);
    assert.ok(host.match(matchInput('/aa?v', { method: 'POST' })));
    assert.ok(!host.match(matchInput('/aa', { method: 'POST' })));
    assert.ok(!host.match(matchInput('/aa?v')));
    assert.ok(!host.match(matchInput('/b?v', { method: 'POST' })));
  });
  it('a runtime fraction takes its share of requests', () => {
    const host = compile([
      named('some', { runtimeFraction: { numerator: 30, denominator: 100 } }),
      named('rest', {}),
    ]);
    const random = seededRandom(3);
    let some = 0;
    for (let i = 0; i < 10_000; i++) {
      if (host.match(matchInput('/', {}, random))?.route.name === 'some') some++;
    }
    assert.ok(Math.abs(some - 3000) < 200, `${some}`);
  });
  it('a route that cannot be compiled is left out, the others work', () => {
    const bad: string[] = [];
    const broken = [
      named('regex', { path: regexPath('(') }),
      named('kind', { path: { kind: 'x' } as never }),
      {
        name: 'action',
        match: named('', {}).match,
        action: { kind: 'x' },
        headers: NO_HEADER_CHANGES,
      } as never,
      { name: 'empty' } as never,
      null as never,
    ];
    const host = compile([...broken, named('good', {})], bad);
    assert.equal(host.match(matchInput('/'))?.route.name, 'good');
    assert.equal(bad.length, broken.length);
    assert.match(bad[0] as string, /^regex: .*missing/);
  });

  it('random route tables and requests never throw', () => {
    const text = fc.oneof(fc.constantFrom('/', '/a', 'a', '.*', '[a-z]+', '(', ''), fc.string());
    const string = fc.record({
      kind: fc.constantFrom('exact', 'prefix', 'suffix', 'contains', 'regex', 'other'),
      value: text,
      ignoreCase: fc.boolean(),
    });
    const test = fc.oneof(
      fc.record({ kind: fc.constant('string'), match: string }),
      fc.record({ kind: fc.constant('range'), start: fc.integer(), end: fc.integer() }),
      fc.record({ kind: fc.constant('present'), present: fc.boolean() }),
    );
    const name = fc.constantFrom('a', ':method', ':path', ':authority', 'x-b', '');
    const anyRoute = fc.record({
      name: fc.string(),
      match: fc.record({
        path: fc.record({
          kind: fc.constantFrom('exact', 'prefix', 'regex', 'path-separated-prefix'),
          value: text,
          caseSensitive: fc.boolean(),
        }),
        headers: fc.array(
          fc.record({ name, test, invert: fc.boolean(), treatMissingAsEmpty: fc.boolean() }),
          { maxLength: 3 },
        ),
        query: fc.array(fc.record({ name, test }), { maxLength: 3 }),
      }),
      action: fc.constant(forward('c')),
      headers: fc.constant(NO_HEADER_CHANGES),
    });
    const request = fc.record({
      path: fc.string(),
      method: fc.string(),
      authority: fc.string(),
      headers: fc.dictionary(name, fc.oneof(fc.string(), fc.array(fc.string()))),
    });
    fc.assert(
      fc.property(fc.array(anyRoute, { maxLength: 12 }), fc.array(request), (routes, requests) => {
        const host = compile(routes as never);
        for (const { path, ...changes } of requests) host.match(matchInput(`/${path}`, changes));
        for (const { path, ...changes } of requests) {
          assert.equal(head(path, changes).path, path);
          host.match(matchInput(path, changes));
        }
      }),
      { seed: 4, numRuns: 300 },
    );
  });
});

describe('cost of matching', () => {
  /** Best of several: what the machine does besides is not asked. */
  function best(run: () => void): number {
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 30; i++) {
      const from = performance.now();
      run();
      least = Math.min(least, performance.now() - from);
    }
    return least;
  }

  it('1,000 exact and prefix routes take at most 1 ms', () => {
    const routes = Array.from({ length: 1000 }, (_, i) =>
      named(`r${i}`, {
        path: { kind: i % 2 ? 'exact' : 'prefix', value: `/service/${i}/items`, caseSensitive: i % 5 !== 0 },
      }),
    );
    const host = compile([...routes, named('last', {})]);
    const ms = best(() => assert.equal(host.match(matchInput('/service/none'))?.route.name, 'last'));
    assert.ok(ms <= 1, `${ms} ms`);
  });

  const patterns = [
    (i: number) => `/api/v${i}/.*[0-9]+`,
    (i: number) => `.*foo${i}[a-z]+.*`,
    (i: number) => `/a.*/x${i}[0-9]*`,
    (i: number) => `.*/(users|orders)${i}/[^/]+`,
    (i: number) => `/api/([^/]+/)*item${i}`,
  ];
  function regexHost(count: number) {
    return compile(
      Array.from({ length: count }, (_, i) =>
        named(`r${i}`, { path: regexPath((patterns[i % patterns.length] as (n: number) => string)(i)) }),
      ),
    );
  }

  it('50 regexes on 8 KB take at most 1 ms', () => {
    const host = regexHost(50);
    const paths = Array.from({ length: 30 }, (_, i) => `/api/${'ab1/'.repeat(2045)}${i}`);
    let at = 0;
    const ms = best(() => assert.equal(host.match(matchInput(paths[at++] as string)), undefined));
    assert.ok(ms <= 1, `${ms} ms`);
  });
  it('beyond that the cost is linear in the length', () => {
    const host = regexHost(20);
    const cost = (length: number) => {
      let salt = 0;
      return best(() => host.match(matchInput(`/api/${'ab1/'.repeat(length / 4)}${salt++}`)));
    };
    cost(16_384);
    const [short, long] = [cost(65_536), cost(262_144)];
    assert.ok(long < short * 4 * 2.5, `${short} ms for 64 KB, ${long} ms for 256 KB`);
  });
});
