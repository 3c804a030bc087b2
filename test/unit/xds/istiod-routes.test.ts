/** The routes that a real istiod makes of fixtures/recorded/xds/mesh.yaml. */

import { strict as assert } from 'node:assert';
import { openRouteConfiguration } from '../../../src/xds';
import { forward, recordedBytes, route, virtualHost } from './recorded';

const REVIEWS = 'reviews.shop.svc.cluster.local';
const V1 = `outbound|80|v1|${REVIEWS}`;
const V2 = `outbound|80|v2|${REVIEWS}`;

describe('xds: routes of a real istiod', () => {
  it('opens the route configuration: name, port handling, virtual hosts with their domains', () => {
    const open = openRouteConfiguration(recordedBytes('routes')[0]![1]);
    assert.ok(open.ok);
    assert.equal(open.value.name, '80');
    assert.equal(open.value.ignorePortInHostMatching, true);
    assert.deepEqual(open.unsupported, []);
    const domains = open.value.virtualHosts.find((v) => v.name === `${REVIEWS}:80`)?.domains;
    assert.deepEqual(domains, [
      REVIEWS,
      `${REVIEWS}.`,
      'reviews',
      'reviews.shop.svc',
      'reviews.shop',
      '240.1.0.1',
    ]);
    assert.ok(open.value.virtualHosts.some((v) => v.name === 'allow_any' && v.domains[0] === '*'));
  });

  it('reads every kind of match', () => {
    const exact = (value: string) => ({ kind: 'string', match: { kind: 'exact', value, ignoreCase: false } });
    const plain = { invert: false, treatMissingAsEmpty: false };
    assert.deepEqual(route(REVIEWS, 'matches.all-kinds').match, {
      path: { kind: 'prefix', value: '/api', caseSensitive: false },
      headers: [
        {
          name: 'x-absent',
          test: { kind: 'present', present: true },
          invert: true,
          treatMissingAsEmpty: false,
        },
        { name: 'x-exact', test: exact('a'), ...plain },
        { name: 'x-not', test: exact('d'), invert: true, treatMissingAsEmpty: true },
        {
          name: 'x-prefix',
          test: { kind: 'string', match: { kind: 'prefix', value: 'b', ignoreCase: false } },
          ...plain,
        },
        { name: 'x-present', test: { kind: 'present', present: true }, ...plain },
        {
          name: 'x-regex',
          test: { kind: 'string', match: { kind: 'regex', value: 'c[0-9]+', ignoreCase: false } },
          ...plain,
        },
        { name: ':method', test: exact('POST'), ...plain },
        {
          name: ':authority',
          test: { kind: 'string', match: { kind: 'prefix', value: 'reviews', ignoreCase: false } },
          ...plain,
        },
        { name: ':scheme', test: exact('http'), ...plain },
      ],
      query: [
        { name: 'exact', test: exact('1') },
        { name: 'flag', test: { kind: 'present', present: true } },
        {
          name: 'regex',
          test: { kind: 'string', match: { kind: 'regex', value: '[a-z]+', ignoreCase: false } },
        },
      ],
    });
    assert.deepEqual(route(REVIEWS, 'exact').match.path, {
      kind: 'exact',
      value: '/exact',
      caseSensitive: true,
    });
    assert.equal(route(REVIEWS, 'regex').match.path.kind, 'regex');
  });

  it("keeps of istiod's default retry policy what can hold for HTTP/1.1", () => {
    assert.deepEqual(forward('plain', 'default').retry, {
      on: ['connect-failure', 'refused-stream'],
      retriableStatusCodes: [],
      retriableHeaders: [],
      numRetries: 2,
      perTryTimeoutMs: 0,
      avoidPreviousHosts: true,
      hostSelectionMaxAttempts: 5,
      backOff: { baseMs: 25, maxMs: 250 },
    });
    assert.equal(forward(REVIEWS, 'no-retry').retry, undefined);
  });

  it('reads a retry policy in full, and the timeout', () => {
    const action = forward(REVIEWS, 'exact');
    assert.equal(action.timeoutMs, 1500);
    assert.deepEqual(action.retry, {
      on: ['connect-failure', 'reset', '5xx', 'retriable-status-codes'],
      retriableStatusCodes: [418, 429],
      retriableHeaders: [],
      numRetries: 4,
      perTryTimeoutMs: 250,
      avoidPreviousHosts: false,
      hostSelectionMaxAttempts: 5,
      backOff: { baseMs: 400, maxMs: 4000 },
    });
    assert.equal(forward('plain', 'default').timeoutMs, 0);
  });

  it('reads rewrites', () => {
    const action = forward(REVIEWS, 'regex');
    assert.deepEqual(action.regexRewrite, { regex: '/items/([0-9]+)', substitution: '/i/\\1' });
    assert.equal(action.hostRewrite, 'other.test');
    assert.equal(forward(REVIEWS, 'no-retry').prefixRewrite, '/');
  });

  it('reads redirects; an empty path keeps the path', () => {
    assert.deepEqual(route(REVIEWS, 'redirect').action, {
      kind: 'redirect',
      status: 308,
      scheme: 'https',
      host: 'new.test',
      port: 8443,
      path: '/new',
      stripQuery: false,
    });
    assert.deepEqual(route(REVIEWS, 'redirect-keep').action, {
      kind: 'redirect',
      status: 301,
      host: 'new.test',
      stripQuery: false,
    });
  });

  it('reads direct responses', () => {
    const direct = route(REVIEWS, 'direct');
    assert.deepEqual(direct.action, { kind: 'direct-response', status: 418, body: 'short and stout' });
    assert.equal(direct.headers.response.add[0]?.name, 'content-type');
  });

  it('reads fault, CORS and mirrors', () => {
    const { fault, cors } = route(REVIEWS, 'filters');
    assert.deepEqual(fault, {
      delay: { ms: 100, fraction: { numerator: 125_000, denominator: 1_000_000 } },
      abort: { status: 503, fraction: { numerator: 1000, denominator: 1_000_000 } },
    });
    assert.deepEqual(cors, {
      allowOrigins: [
        { kind: 'exact', value: 'https://a.test', ignoreCase: false },
        { kind: 'regex', value: 'https://.*[.]b[.]test', ignoreCase: false },
      ],
      allowMethods: 'GET,POST',
      allowHeaders: 'x-a,x-b',
      exposeHeaders: 'x-c',
      maxAge: '86400',
      allowCredentials: true,
      forwardNotMatchingPreflights: false,
    });
    assert.deepEqual(forward(REVIEWS, 'filters').mirrors, [
      { cluster: V2, fraction: { numerator: 250_000, denominator: 1_000_000 }, shadowSuffix: false },
    ]);
  });

  it('reads weighted clusters and header changes: remove, set, add', () => {
    const { headers } = route(REVIEWS, 'weighted');
    const set = { action: 'overwrite-if-exists-or-add', keepEmptyValue: false };
    assert.deepEqual(headers.request, {
      remove: ['x-gone'],
      add: [
        { name: 'x-rule', value: 'on', ...set },
        { name: 'x-add', value: '%REQ(:PATH)%', action: 'append-if-exists-or-add', keepEmptyValue: false },
      ],
    });
    assert.deepEqual(headers.response, {
      remove: ['x-powered-by'],
      add: [{ name: 'x-out', value: '1', ...set }],
    });
    const action = forward(REVIEWS, 'weighted');
    assert.equal(action.weighted, true);
    assert.equal(action.hostRewrite, 'set.test');
    assert.deepEqual(
      action.clusters.map(({ name, weight }) => [name, weight]),
      [
        [V1, 90],
        [V2, 10],
      ],
    );
    assert.deepEqual(action.clusters[0]?.headers.request.add, [{ name: 'x-version', value: 'v1', ...set }]);
  });

  it('reads hash policies', () => {
    assert.deepEqual(forward('ring.test', 'default').hashPolicies, [
      { kind: 'cookie', name: 'session', ttlMs: 60_000, path: '/', terminal: false },
    ]);
    assert.deepEqual(forward('maglev.test', 'default').hashPolicies, [
      { kind: 'header', name: 'x-user', terminal: false },
    ]);
  });

  it('reads decorator, origin and the attempt-count setting', () => {
    const { origin, decoratorOperation } = route(REVIEWS, 'exact');
    assert.deepEqual(origin, { kind: 'VirtualService', namespace: 'shop', name: 'reviews' });
    assert.equal(decoratorOperation, `${REVIEWS}:80/exact`);
    assert.equal(virtualHost(REVIEWS).value.includeRequestAttemptCount, true);
  });

  it('finds nothing unsupported in a service without rules', () => {
    assert.deepEqual(virtualHost('plain').unsupported, []);
  });
});
