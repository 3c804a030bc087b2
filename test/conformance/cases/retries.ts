/** envoy.md §1 and §6: retries, time-outs, and the answers that the proxy makes itself. */

import type { Case, CaseGroup } from '../bed';
import type { Step } from '../bed/steps';
import { ROUND_ROBIN, retrying, routes, rule, service, TO_V1, virtualService } from './base';

/** The backend fails twice in this way, then answers. */
function failing(step: Step): { readonly steps: readonly Step[] } {
  return { steps: [step, step, {}] };
}

const STATUSES = [400, 401, 403, 404, 408, 409, 418, 425, 429, 500, 501, 502, 503, 504, 505, 599];

/** Two retries on a condition, against every status and every way to break. */
function condition(retryOn: string): Case {
  return {
    title: `retryOn ${retryOn}`,
    yaml: retrying(`{attempts: 2, retryOn: "${retryOn}", backoff: 1ms}`),
    requests: [
      ...STATUSES.map((status) => failing({ status })),
      failing({ act: 'reset' }),
      failing({ act: 'close' }),
      failing({ status: 503, headers: { 'x-envoy-overloaded': 'true' } }),
      failing({ status: 503, headers: { 'x-envoy-ratelimited': 'true' } }),
      failing({ status: 200, headers: { 'x-envoy-retriable-status-codes': '200' } }),
    ],
  };
}

const PIECES = { every: 60, texts: ['one', 'two', 'three'] };

export const RETRIES: CaseGroup = {
  title: 'retries',
  cases: [
    ...['5xx', 'gateway-error', 'retriable-4xx', 'reset', 'connect-failure', 'refused-stream'].map(condition),
    ...['418,429', '503,connect-failure', 'reset-before-request', 'envoy-ratelimited'].map(condition),
    ...['gateway-error,retriable-4xx,reset', 'cancelled', 'unavailable', 'retriable-headers'].map(condition),
    {
      ...condition('5xx'),
      title: 'no retries in the rule: the default policy retries neither statuses nor resets',
      yaml: service(['b1']) + virtualService('- route: [{destination: {host: $host}}]'),
    },
    {
      title: 'attempts without retryOn: the default conditions',
      yaml: retrying('{attempts: 2}'),
      requests: [failing({ status: 503 }), failing({ status: 500 }), failing({ act: 'reset' })],
      expect: ['503 b1', '500 b1', '503'],
    },
    {
      title: 'attempts: 0 switches retries off',
      yaml: retrying('{attempts: 0}'),
      requests: [failing({ status: 503 }), failing({ act: 'close' })],
      expect: ['503 b1', '503'],
    },
    {
      title: 'attempts: n is n more tries, then the last answer passes with its body',
      yaml: retrying('{attempts: 3, retryOn: 5xx, backoff: 1ms}'),
      requests: [
        {
          steps: [
            { status: 503, body: 'one' },
            { status: 500, body: 'two' },
            { status: 502, body: 'three' },
            { status: 504, body: 'four' },
            {},
          ],
        },
        { steps: [{ act: 'reset' }] },
        { steps: [{ act: 'close' }, { status: 503 }, { act: 'reset' }, {}] },
      ],
      expect: ['504 b1', '503', 'b1'],
    },
    {
      title: 'the body is replayed',
      yaml: retrying('{attempts: 2, retryOn: 5xx, backoff: 1ms}'),
      requests: [
        { method: 'POST', body: 'hello', ...failing({ status: 503 }) },
        { method: 'POST', body: 200_000, ...failing({ status: 503 }) },
        {
          method: 'PUT',
          body: 1000,
          headers: { 'transfer-encoding': 'chunked' },
          ...failing({ act: 'reset' }),
        },
      ],
      expect: 'b1',
    },
    {
      title: 'a 503 while the body still streams: tried again, the rest goes to the next attempt',
      yaml: retrying('{attempts: 2, retryOn: 5xx, backoff: 1ms}'),
      requests: [
        { method: 'POST', pieces: PIECES, steps: [{ status: 503, early: true }, {}] },
        {
          method: 'POST',
          pieces: PIECES,
          headers: { 'content-length': '11' },
          steps: [{ status: 503, early: true }, {}],
        },
        { method: 'POST', pieces: PIECES, steps: [{ status: 503, early: true }] },
      ],
      expect: ['b1', 'b1', '503 b1'],
    },
    {
      title: 'a 503 while the body still streams, not to be retried: it passes at once',
      yaml: retrying('{attempts: 0}'),
      requests: [{ method: 'POST', pieces: PIECES, steps: [{ status: 503, early: true }] }],
      expect: '503 b1',
    },
    {
      title: 'a body beyond the limit is not replayed: the 503 passes',
      yaml: retrying('{attempts: 2, retryOn: 5xx, backoff: 1ms}'),
      requests: [{ method: 'POST', body: 3_000_000, ...failing({ status: 503 }) }],
      expect: '503 b1',
    },
    {
      title: 'refused, no retry configured',
      yaml:
        service(['- {address: 127.0.0.1, ports: {http: $refused}}']) +
        virtualService('- retries: {attempts: 0}\n  route: [{destination: {host: $host}}]'),
      requests: [{}, { method: 'POST', body: 'b' }, { method: 'HEAD' }],
      expect: '503',
    },
    {
      title: 'refused, the default retries used up, even with one endpoint',
      yaml: service(['- {address: 127.0.0.1, ports: {http: $refused}}']),
      requests: [{}, { method: 'POST', body: 'b' }],
      expect: '503',
    },
    {
      title: 'one of two refuses: the other answers, and counts the attempts',
      yaml: service(['b1', '- {address: 127.0.0.1, ports: {http: $refused}}']) + rule(ROUND_ROBIN),
      requests: [{ times: 4 }],
      backends: 'exact',
      together: true,
      tolerate: {},
    },
    {
      title: 'the backend closes or resets before the answer: one text',
      yaml: routes(`- ${TO_V1}`),
      requests: [{ steps: [{ act: 'reset' }] }, { steps: [{ act: 'close' }] }],
      expect: '503',
    },
    {
      title: 'the connection cannot be made in connectTimeout',
      yaml:
        service(['- {address: 127.0.0.1, ports: {http: $stuck}}']) +
        rule('trafficPolicy: {connectionPool: {tcp: {connectTimeout: 0.2s}}}') +
        virtualService('- retries: {attempts: 0}\n  route: [{destination: {host: $host}}]'),
      requests: [{}],
      expect: '503',
      ms: [190, 2_500],
    },
    {
      title: 'connectTimeout with the default retries',
      yaml:
        service(['- {address: 127.0.0.1, ports: {http: $stuck}}']) +
        rule('trafficPolicy: {connectionPool: {tcp: {connectTimeout: 0.1s}}}'),
      requests: [{}],
      expect: '503',
      ms: [290, 3_500],
    },
    {
      title: 'an answer that breaks off in the body is not retried',
      yaml: retrying('{attempts: 2, retryOn: "5xx,reset"}'),
      requests: [{ steps: [{ act: 'break', body: 1000 }] }],
      expect: 'b1 ECONNRESET',
    },
    {
      title: 'retries go to another host with ROUND_ROBIN',
      yaml:
        service(['b1', 'b2', 'b3']) +
        rule(ROUND_ROBIN) +
        virtualService(
          '- retries: {attempts: 2, retryOn: 5xx, backoff: 1ms}\n  route: [{destination: {host: $host}}]',
        ),
      requests: [{ steps: { b1: [{ status: 503 }], b2: [{ status: 503 }] }, times: 12 }],
      backends: 'any',
      tolerate: {
        'attempts that reached a backend': 'depends on where the turn is',
        'request header x-envoy-attempt-count': 'depends on where the turn is',
      },
      expect: 'b3',
    },
    {
      title: 'retryIgnorePreviousHosts: false',
      yaml: retrying('{attempts: 2, retryOn: 5xx, backoff: 1ms, retryIgnorePreviousHosts: false}'),
      requests: [failing({ status: 500 })],
      expect: 'b1',
    },
    {
      title: 'a retry after headers of a rule: they are not applied twice',
      yaml:
        service(['b1']) +
        virtualService(`
- retries: {attempts: 2, retryOn: 5xx, backoff: 1ms}
  rewrite: {uri: /new}
  headers: {request: {add: {x-add: once}, set: {x-set: s}}, response: {add: {x-r: once}}}
  route: [{destination: {host: $host}}]`),
      requests: [{ path: '/old?x=1', headers: { 'x-add': 'mine' }, ...failing({ status: 503 }) }],
      expect: 'b1',
    },
    {
      title: 'back-off: at most the base before the first retry, growing',
      yaml: retrying('{attempts: 4, retryOn: 5xx, backoff: 50ms}'),
      requests: [{ times: 3, steps: [{ status: 503 }] }],
      expect: '503 b1',
      ms: [2, 4_000],
    },
  ],
};
