import assert from 'node:assert/strict';
import { explainCall } from '../../../src/call/explain';
import { NO_HEADER_CHANGES } from '../../../src/model';
import { head } from '../../support/http-head';
import { forward, route, virtualHost } from '../../support/static-feed';

function set(name: string, value: string) {
  const add = [{ name, value, action: 'overwrite-if-exists-or-add', keepEmptyValue: false }] as const;
  return { request: { remove: ['x-secret'], add }, response: { remove: [], add } };
}

describe('what becomes of a call', () => {
  it('is normalised, rewritten and changed per destination as a call of it would be', () => {
    const action = forward('a', {
      prefixRewrite: '/v2',
      hostRewrite: 'other',
      timeoutMs: 2_000,
      clusters: [
        { name: 'a', weight: 3, headers: set('x-to', 'a') },
        { name: 'b', weight: 1, headers: NO_HEADER_CHANGES },
      ],
    });
    const host = virtualHost(
      ['reviews'],
      [route(action, '/api', { headers: set('x-path', '%REQ(:PATH)%') })],
    );
    const { outcome, path } = explainCall(host, head('/x/../api/1?q'), {
      envoyHeaders: true,
      decorator: true,
    });
    assert.equal(path, '/api/1');
    assert.ok(outcome.kind === 'forward');
    const [a, b] = outcome.destinations;
    assert.deepEqual([a!.percent, b!.percent, a!.path, a!.authority], [75, 25, '/v2/1?q', 'other']);
    const values = Object.fromEntries(a!.requestHeaders.map(({ name, value }) => [name, value]));
    assert.equal(values['x-to'], 'a');
    assert.equal(values['x-path'], '/api/1?q');
    assert.equal(values['x-request-id'], '(new for each call)');
    assert.equal(values['x-envoy-original-path'], '/api/1?q');
    assert.equal(values['x-envoy-original-host'], 'reviews');
    assert.equal(values['x-envoy-expected-rq-timeout-ms'], '2000');
    assert.ok(a!.requestHeaders.some(({ op, name }) => op === 'remove' && name === 'x-secret'));
    assert.deepEqual(a!.responseHeaders, [
      { op: 'set', name: 'x-to', value: 'a' },
      { op: 'set', name: 'x-path', value: '%REQ(:PATH)%' },
    ]);
    assert.ok(b!.requestHeaders.every(({ name }) => name !== 'x-to'));
  });

  it('without Envoy’s headers only the rule’s changes are made', () => {
    const host = virtualHost(['reviews'], [route(forward('a'), '/', { headers: set('x-a', '1') })]);
    const { outcome } = explainCall(host, head('/'), { envoyHeaders: false, decorator: true });
    assert.ok(outcome.kind === 'forward');
    assert.deepEqual(
      outcome.destinations[0]!.requestHeaders.map(({ name }) => name),
      ['x-secret', 'x-a'],
    );
  });

  it('a route whose rewrite cannot be compiled takes nothing: the next one is chosen', () => {
    const regexRewrite = { regex: '(', substitution: '' };
    const host = virtualHost(
      ['reviews'],
      [route(forward('a', { regexRewrite })), route(forward('b'), '/', { name: 'next' })],
    );
    const { routes, route: chosen } = explainCall(host, head('/'), { envoyHeaders: true, decorator: true });
    assert.deepEqual(
      routes.map(({ verdict }) => verdict),
      ['broken', 'chosen'],
    );
    assert.match(routes[0]!.problem!, /missing/);
    assert.equal(chosen!.name, 'next');
  });

  it('redirects, direct responses, preflights, no route', () => {
    const cors = {
      allowOrigins: [{ kind: 'exact', value: 'http://a', ignoreCase: false }],
      allowMethods: 'GET',
      allowHeaders: '',
      exposeHeaders: '',
      maxAge: '',
      allowCredentials: false,
      forwardNotMatchingPreflights: true,
    } as const;
    const host = virtualHost(
      ['reviews'],
      [
        route({ kind: 'redirect', status: 308, path: '/new', stripQuery: false }, '/old'),
        route({ kind: 'direct-response', status: 418, body: 'tea' }, '/tea'),
        route(forward('a'), '/api', { cors }),
      ],
    );
    const of = (path: string, more = {}) =>
      explainCall(host, head(path, more), { envoyHeaders: true, decorator: true }).outcome;
    assert.deepEqual(of('/old?q'), { kind: 'redirect', status: 308, location: 'http://reviews/new?q' });
    assert.deepEqual(of('/tea'), { kind: 'direct-response', status: 418, body: 'tea' });
    assert.deepEqual(of('/none'), { kind: 'no-route', status: 404, flag: 'NR' });
    const headers = { origin: 'http://a', 'access-control-request-method': 'GET' };
    assert.equal(of('/api', { method: 'OPTIONS', headers }).kind, 'preflight');
    assert.equal(of('/api', { headers }).kind, 'forward');
  });
});
