import assert from 'node:assert/strict';
import { type HeaderOperations, NO_HEADER_CHANGES, type WeightedCluster } from '../../../src/model';
import { forward, retryPolicy, route } from '../../support/static-feed';
import { attempt, edits, REPLAYABLE, reviews, scene, TWO } from './scene';

const none = () => undefined;
function set(name: string, value: string): HeaderOperations {
  return { remove: [], add: [{ name, value, action: 'overwrite-if-exists-or-add', keepEmptyValue: false }] };
}
function first(model: Parameters<typeof scene>[0], headers = {}, options = {}) {
  return attempt(scene(model, options).call('/api/x?q=1', { headers }).next(0));
}
const UUID_V4 = /^set x-request-id: [0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('what a backend sees', () => {
  it('attempt count, x-forwarded-proto, x-request-id, decorator: in this order', () => {
    const model = reviews([route(forward('c'), '/', { decoratorOperation: 'reviews:80/*' })]);
    const seen = edits(first(model));
    assert.match(seen[2] as string, UUID_V4);
    assert.deepEqual(
      [seen[0], seen[1], seen[3], seen.length],
      [
        'set x-envoy-attempt-count: 1',
        'set x-forwarded-proto: http',
        'set x-envoy-decorator-operation: reviews:80/*',
        4,
      ],
    );
  });
  it('a value of the client is kept', () => {
    const seen = edits(
      first(reviews([route(forward('c'))]), { 'x-request-id': 'mine', 'x-forwarded-proto': 'https' }),
    );
    assert.deepEqual(seen, ['set x-envoy-attempt-count: 1']);
  });
  it('two calls have different ids', () => {
    const model = reviews([route(forward('c'))]);
    assert.notEqual(edits(first(model))[2], edits(first(model))[2]);
  });
  it('x-envoy-attempt-count only if the virtual host says so', () => {
    const model = reviews([route(forward('c'))], [TWO], { includeRequestAttemptCount: false });
    assert.ok(!edits(first(model)).some((edit) => edit.includes('attempt-count')));
  });
  it('the client headers on timeouts and retries are removed', () => {
    const seen = edits(
      first(reviews([route(forward('c'))]), {
        'x-envoy-upstream-rq-timeout-ms': '1',
        'x-envoy-max-retries': '9',
        'x-envoy-retry-on': '5xx',
      }),
    );
    assert.deepEqual(seen.slice(1, 4), [
      'remove x-envoy-max-retries',
      'remove x-envoy-retry-on',
      'remove x-envoy-upstream-rq-timeout-ms',
    ]);
  });
  it('x-envoy-expected-rq-timeout-ms: the remaining route timeout, new for each try', () => {
    const retry = retryPolicy({ on: ['5xx'] });
    const begun = scene(reviews([route(forward('c', { timeoutMs: 600, retry }))])).call();
    const expected = (now: number) =>
      edits(attempt(begun.next(now))).find((edit) => edit.includes('expected'));
    assert.equal(expected(0), 'set x-envoy-expected-rq-timeout-ms: 600');
    begun.requestSent(10);
    begun.response(20, 503, none, REPLAYABLE);
    begun.requestSent(400);
    assert.equal(expected(561), 'set x-envoy-expected-rq-timeout-ms: 49');
  });
  it('all off with envoyHeaders=false, the rule still counts', () => {
    const headers = { ...NO_HEADER_CHANGES, request: set('x-rule', '1') };
    const timeoutMs = 600;
    const options = { envoyHeaders: false };
    const model = reviews([route(forward('c', { timeoutMs, prefixRewrite: '/v2' }), '/api', { headers })]);
    assert.deepEqual(edits(first(model, { 'x-envoy-max-retries': '9' }, options)), ['set x-rule: 1']);
    assert.deepEqual(first(reviews([route(forward('c'))]), {}, options).edits, []);
  });
  it('x-envoy-decorator-operation is an option of its own', () => {
    const model = reviews([route(forward('c'), '/', { decoratorOperation: 'reviews:80/*' })]);
    const has = (options: object) =>
      edits(first(model, {}, options)).filter((edit) => /decorator/.test(edit));
    assert.deepEqual(has({}), ['set x-envoy-decorator-operation: reviews:80/*']);
    assert.deepEqual(has({ decorator: false }), []);
    assert.ok(edits(first(model, {}, { decorator: false })).length > 0);
    assert.deepEqual(has({ envoyHeaders: false }), []);
  });
  it('without rewrites path and Host are the application’s', () => {
    const seen = first(reviews([route(forward('c'))]));
    assert.deepEqual([seen.path, seen.authority], ['/api/x?q=1', undefined]);
  });
  it('the backend gets the normalised path', () => {
    const begun = scene(reviews([route(forward('c'))])).call('/x/../%61pi?q=/../');
    assert.equal(attempt(begun.next(0)).path, '/api?q=/../');
  });
  it('after a rewrite: x-envoy-original-path with the query', () => {
    const seen = first(reviews([route(forward('c', { prefixRewrite: '/v2' }), '/api')]));
    assert.equal(seen.path, '/v2/x?q=1');
    assert.ok(edits(seen).includes('set x-envoy-original-path: /api/x?q=1'));
  });
  it('also when the regex did not change anything', () => {
    const regexRewrite = { regex: '/nope', substitution: '/' };
    assert.ok(
      edits(first(reviews([route(forward('c', { regexRewrite }))]))).includes(
        'set x-envoy-original-path: /api/x?q=1',
      ),
    );
  });
  it('after a Host rewrite: x-envoy-original-host', () => {
    const seen = first(reviews([route(forward('c', { hostRewrite: 'other.test' }))]));
    assert.equal(seen.authority, 'other.test');
    assert.ok(edits(seen).includes('set x-envoy-original-host: reviews'));
  });
});

describe('header changes of a rule', () => {
  const destination = (weight: number, value: string): WeightedCluster => ({
    name: 'c',
    weight,
    headers: { request: set('x-a', value), response: set('x-b', value) },
  });
  const rule = { request: set('x-a', 'route'), response: set('x-b', 'route') };

  it('of several weighted destinations the route wins over the destination', () => {
    const action = forward('c', { weighted: true, clusters: [destination(1, 'one'), destination(1, 'two')] });
    const begun = scene(reviews([route(action, '/', { headers: rule })])).call();
    const own = edits(attempt(begun.next(0))).filter((edit) => edit.includes('x-a'));
    assert.match(own[0] as string, /one|two/);
    assert.equal(own.at(-1), 'set x-a: route');
    const delivered = begun.response(1, 200, none, REPLAYABLE);
    assert.ok(delivered.kind === 'deliver');
    assert.equal(
      edits(delivered)
        .filter((edit) => edit.includes('x-b'))
        .at(-1),
      'set x-b: route',
    );
  });
  it('operators know the path, headers of the client and those set before', () => {
    const headers = {
      ...NO_HEADER_CHANGES,
      request: set('x-a', '%REQ(:PATH)% %REQ(X-Source)% %REQ(:AUTHORITY)%'),
    };
    const seen = edits(first(reviews([route(forward('c'), '/', { headers })]), { 'x-source': 'web' }));
    assert.ok(seen.includes('set x-a: /api/x?q=1 web reviews'));
  });
  it('operators see the x-request-id that is added', () => {
    const headers = { ...NO_HEADER_CHANGES, request: set('x-a', '%REQ(X-REQUEST-ID)%') };
    const seen = edits(first(reviews([route(forward('c'), '/', { headers })])));
    const id = seen.find((edit) => edit.startsWith('set x-request-id'))?.slice('set x-request-id: '.length);
    assert.ok(seen.includes(`set x-a: ${id}`));
  });
  it('of the response may say status, upstream and attempts', () => {
    const value =
      '%RESPONSE_CODE% %UPSTREAM_HOST% %UPSTREAM_CLUSTER% %UPSTREAM_REQUEST_ATTEMPT_COUNT% %REQ(:METHOD)%';
    const headers = { ...NO_HEADER_CHANGES, response: set('x-b', value) };
    const begun = scene(reviews([route(forward('c'), '/', { headers })])).call();
    const { endpoint } = attempt(begun.next(0));
    const delivered = begun.response(1, 201, none, REPLAYABLE);
    assert.ok(delivered.kind === 'deliver');
    assert.ok(edits(delivered).includes(`set x-b: 201 ${endpoint.address}:80 c 1 GET`));
  });
});

describe('x-envoy-upstream-service-time', () => {
  const model = reviews([route(forward('c', { retry: retryPolicy({ on: ['5xx'] }) }))]);
  it('is the time over all tries since the request was complete', () => {
    const begun = scene(model).call('/', {}, 0);
    begun.next(0);
    begun.requestSent(5);
    begun.response(10, 503, none, REPLAYABLE);
    begun.next(20);
    const delivered = begun.response(48.9, 200, none, REPLAYABLE);
    assert.ok(delivered.kind === 'deliver');
    assert.deepEqual(edits(delivered), ['set x-envoy-upstream-service-time: 43']);
  });
  it('is off with envoyHeaders=false', () => {
    const begun = scene(model, { envoyHeaders: false }).call();
    begun.next(0);
    const delivered = begun.response(1, 200, none, REPLAYABLE);
    assert.ok(delivered.kind === 'deliver');
    assert.deepEqual(delivered.edits, []);
  });
});
