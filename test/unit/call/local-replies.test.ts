import assert from 'node:assert/strict';
import { NO_HEADER_CHANGES } from '../../../src/model';
import { cluster, endpoint, forward, retryPolicy, route } from '../../support/static-feed';
import { attempt, header, localReply, NOT_REPLAYABLE, REPLAYABLE, reviews, scene, TWO } from './scene';

const PREFIX = 'upstream connect error or disconnect/reset before headers.';
const RESPONSE_SET = {
  ...NO_HEADER_CHANGES,
  response: {
    remove: [],
    add: [
      { name: 'x-rule', value: 'yes', action: 'overwrite-if-exists-or-add', keepEmptyValue: false },
      {
        name: 'x-code',
        value: '%RESPONSE_CODE%',
        action: 'overwrite-if-exists-or-add',
        keepEmptyValue: false,
      },
    ],
  },
} as const;

describe('answers that Envoy makes itself', () => {
  it('no route of the virtual host matches: 404, empty', () => {
    const { reply, records } = scene(reviews([route(forward('c'), '/api')]));
    const answer = reply('/other');
    assert.deepEqual([answer.status, answer.body, answer.flag], [404, '', 'NR']);
    assert.equal(records[0]?.flag, 'NR');
  });
  it('the cluster of the route does not exist: 503, empty, no text', () => {
    const { reply } = scene(reviews([route(forward('outbound|80|v9|reviews'))]));
    const answer = reply();
    assert.deepEqual([answer.status, answer.body, answer.flag], [503, '', 'NC']);
    assert.equal(header(answer, 'content-length'), '0');
    assert.equal(header(answer, 'content-type'), undefined);
  });
  it('cluster without endpoints: 503 "no healthy upstream", at once', () => {
    const { call, records } = scene(
      reviews([route(forward('c', { retry: retryPolicy() }))], [cluster('c', [])]),
    );
    const begun = call();
    const answer = localReply(begun.next(0));
    assert.deepEqual([answer.status, answer.body, answer.flag], [503, 'no healthy upstream', 'UH']);
    begun.end(1);
    assert.deepEqual(records, [
      {
        host: 'reviews',
        cluster: 'c',
        endpoint: '',
        attempts: 0,
        flag: 'UH',
        status: 503,
        ms: 1,
        route: undefined,
      },
    ]);
  });
  it('connection refused, no retry configured', () => {
    const begun = scene(reviews([route(forward('c'))])).call();
    assert.equal(attempt(begun.next(0)).retriable, false);
    const answer = localReply(begun.reset(1, 'remote-connection-failure', REPLAYABLE));
    assert.equal(answer.body, `${PREFIX} reset reason: remote connection failure`);
    assert.deepEqual([answer.status, answer.flag], [503, 'UF']);
  });
  it('connection refused, retries used up: 3 tries with the default policy', () => {
    const single = cluster('c', [endpoint('10.0.0.1', 80)]);
    const begun = scene(reviews([route(forward('c', { retry: retryPolicy() }))], [single])).call();
    for (const number of [1, 2]) {
      assert.equal(attempt(begun.next(0)).number, number);
      assert.equal(begun.reset(1, 'remote-connection-failure', REPLAYABLE).kind, 'retry');
    }
    assert.equal(attempt(begun.next(0)).retriable, false);
    const answer = localReply(begun.reset(1, 'remote-connection-failure', REPLAYABLE));
    assert.equal(answer.body, `${PREFIX} retried and the latest reset reason: remote connection failure`);
    assert.equal(answer.flag, 'URX,UF');
  });
  it('connect timeout', () => {
    const begun = scene(reviews([route(forward('c'))])).call();
    begun.next(0);
    const answer = localReply(begun.reset(1, 'connection-timeout', REPLAYABLE));
    assert.equal(answer.body, `${PREFIX} reset reason: connection timeout`);
    assert.equal(answer.flag, 'UF');
  });
  it('backend closed or reset before answer headers', () => {
    const begun = scene(reviews([route(forward('c', { retry: retryPolicy() }))])).call();
    begun.next(0);
    begun.connected(0);
    const answer = localReply(begun.reset(1, 'connection-termination', REPLAYABLE));
    assert.equal(answer.body, `${PREFIX} reset reason: connection termination`);
    assert.equal(answer.flag, 'UC');
  });
  it('circuit breaker: overflow, x-envoy-overloaded', () => {
    const begun = scene(reviews([route(forward('c', { retry: retryPolicy({ on: ['5xx'] }) }))])).call();
    begun.next(0);
    const answer = localReply(begun.reset(1, 'overflow', REPLAYABLE));
    assert.equal(answer.body, `${PREFIX} reset reason: overflow`);
    assert.equal(header(answer, 'x-envoy-overloaded'), 'true');
    assert.equal(answer.flag, 'UO');
  });
  it('route timeout: 504 upstream request timeout', () => {
    const { call } = scene(reviews([route(forward('c', { timeoutMs: 100 }))]));
    const begun = call();
    assert.equal(begun.timeoutMs, 100);
    begun.next(0);
    const answer = begun.timeout(100);
    assert.deepEqual([answer.status, answer.body, answer.flag], [504, 'upstream request timeout', 'UT']);
  });
  it('per-try timeout of the last try has the same text', () => {
    const retry = retryPolicy({ on: ['5xx'], numRetries: 1, perTryTimeoutMs: 50 });
    const begun = scene(reviews([route(forward('c', { retry }))])).call();
    assert.equal(attempt(begun.next(0)).perTryTimeoutMs, 50);
    assert.equal(begun.perTryTimeout(50, REPLAYABLE).kind, 'retry');
    begun.next(60);
    const answer = localReply(begun.perTryTimeout(110, REPLAYABLE));
    assert.deepEqual([answer.status, answer.body, answer.flag], [504, 'upstream request timeout', 'URX,UT']);
  });
  it('perTryTimeout with a retryOn that does not cover it: 504 after the first try', () => {
    const retry = retryPolicy({ perTryTimeoutMs: 50 });
    const begun = scene(reviews([route(forward('c', { retry }))])).call();
    begun.next(0);
    assert.equal(localReply(begun.perTryTimeout(50, REPLAYABLE)).flag, 'UT');
  });
  it('redirect: empty body and an absolute location', () => {
    const action = { kind: 'redirect', status: 302, path: '/new', stripQuery: false } as const;
    const answer = scene(reviews([route(action)])).reply('/old?q', { authority: 'reviews:8080' });
    assert.deepEqual([answer.status, answer.body, answer.flag], [302, '', '']);
    assert.equal(header(answer, 'location'), 'http://reviews:8080/new?q');
  });
  it('directResponse: the given status and body, text/plain', () => {
    const action = { kind: 'direct-response', status: 418, body: 'tea ☕' } as const;
    const answer = scene(reviews([route(action)])).reply();
    assert.deepEqual([answer.status, answer.body], [418, 'tea ☕']);
    assert.equal(header(answer, 'content-length'), '7');
    assert.equal(header(answer, 'content-type'), 'text/plain');
  });
  it('all have server: envoy, a date and content-length', () => {
    const answer = scene(reviews([])).reply();
    assert.equal(header(answer, 'server'), 'envoy');
    assert.equal(header(answer, 'content-length'), '0');
    assert.ok(!Number.isNaN(Date.parse(header(answer, 'date') ?? '')));
    assert.equal(header(answer, 'x-envoy-upstream-service-time'), undefined);
  });
  it('a HEAD is answered with the length of the body, without it', () => {
    const action = { kind: 'direct-response', status: 200, body: 'hello' } as const;
    const answer = scene(reviews([route(action)])).reply('/', { method: 'HEAD' });
    assert.equal(answer.body, '');
    assert.equal(header(answer, 'content-length'), '5');
  });
  it('a 204 has neither body nor length', () => {
    const action = { kind: 'direct-response', status: 204, body: 'x' } as const;
    const answer = scene(reviews([route(action)])).reply();
    assert.equal(answer.body, '');
    assert.equal(header(answer, 'content-length'), undefined);
  });

  describe('response headers of the rule are applied to all local answers', () => {
    const changes = { headers: RESPONSE_SET };
    it('direct response, also content-type', () => {
      const action = { kind: 'direct-response', status: 200, body: '{}' } as const;
      const json = {
        name: 'Content-Type',
        value: 'application/json',
        action: 'overwrite-if-exists-or-add',
        keepEmptyValue: false,
      } as const;
      const headers = { ...NO_HEADER_CHANGES, response: { remove: [], add: [json] } };
      const answer = scene(reviews([route(action, '/', { headers })])).reply();
      assert.equal(header(answer, 'content-type'), 'application/json');
    });
    it('redirect', () => {
      const action = { kind: 'redirect', status: 301, stripQuery: false } as const;
      assert.equal(header(scene(reviews([route(action, '/', changes)])).reply(), 'x-rule'), 'yes');
    });
    it('no healthy upstream, with operators', () => {
      const begun = scene(reviews([route(forward('c'), '/', changes)], [cluster('c', [])])).call();
      const answer = localReply(begun.next(0));
      assert.equal(header(answer, 'x-rule'), 'yes');
      // The code is set after the headers, as in Envoy.
      assert.equal(header(answer, 'x-code'), '0');
    });
    it('504', () => {
      const begun = scene(reviews([route(forward('c', { timeoutMs: 1 }), '/', changes)])).call();
      begun.next(0);
      assert.equal(header(begun.timeout(1), 'x-code'), '0');
    });
  });

  it('a body that cannot be replayed is not retried: the first failure is the answer', () => {
    const begun = scene(reviews([route(forward('c', { retry: retryPolicy() }))], [TWO])).call();
    begun.next(0);
    const answer = localReply(begun.reset(1, 'remote-connection-failure', NOT_REPLAYABLE));
    assert.equal(answer.body, `${PREFIX} reset reason: remote connection failure`);
    assert.equal(answer.flag, 'UF');
  });
});
