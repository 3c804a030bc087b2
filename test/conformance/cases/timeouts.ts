/** envoy.md §1 and §6: time-outs, and the other answers that the proxy makes itself. */

import type { CaseGroup } from '../bed';
import { retrying, routes, rule, SUBSETS, service, TO_V1, virtualService } from './base';

export const TIMEOUTS: CaseGroup = {
  title: 'time-outs',
  cases: [
    {
      title: 'the route timeout: 504',
      yaml: routes(`- timeout: 0.2s\n  ${TO_V1}`),
      requests: [
        { steps: [{ act: 'hang' }] },
        { steps: [{ delay: 5000 }] },
        { method: 'POST', body: 'b', steps: [{ act: 'hang' }] },
      ],
      expect: '504',
      ms: [190, 1_500],
    },
    {
      title: 'a timeout that is not reached',
      yaml: routes(`- timeout: 1.5s\n  ${TO_V1}`),
      requests: [{ steps: [{ delay: 30 }] }],
      expect: 'b1',
    },
    {
      title: 'no timeout: a slow answer passes',
      yaml: routes(`- ${TO_V1}`),
      requests: [{ steps: [{ delay: 700 }] }],
      expect: 'b1',
      ms: [690, 3_000],
    },
    {
      title: 'the route timeout ends everything, retries or not',
      yaml: retrying('{attempts: 3, retryOn: "5xx,reset"}', 'timeout: 0.2s'),
      requests: [{ steps: [{ act: 'hang' }] }],
      expect: '504',
      ms: [190, 1_500],
    },
    {
      title: 'perTryTimeout: every try anew, then 504',
      yaml: retrying('{attempts: 2, retryOn: 5xx, perTryTimeout: 0.4s, backoff: 1ms}'),
      requests: [{ steps: [{ act: 'hang' }] }, { steps: [{ act: 'hang' }, { act: 'hang' }, {}] }],
      expect: ['504', 'b1'],
      ms: [790, 3_500],
    },
    {
      title: 'perTryTimeout that retryOn does not cover: 504 after the first try',
      yaml: retrying('{attempts: 2, retryOn: connect-failure, perTryTimeout: 0.1s}'),
      requests: [{ steps: [{ act: 'hang' }] }],
      expect: '504',
      ms: [95, 1_500],
    },
    {
      title: 'perTryTimeout and timeout: what is left, in x-envoy-expected-rq-timeout-ms',
      yaml: retrying('{attempts: 2, retryOn: 5xx, perTryTimeout: 0.8s, backoff: 1ms}', 'timeout: 1.1s'),
      requests: [{ steps: [{ act: 'hang' }, { act: 'hang' }] }, { steps: [{}] }],
      expect: ['504', 'b1'],
    },
    {
      title: 'perTryTimeout not shorter than the timeout',
      yaml: retrying('{attempts: 2, retryOn: 5xx, perTryTimeout: 2s}', 'timeout: 0.2s'),
      requests: [{ steps: [{ act: 'hang' }] }],
      expect: '504',
      ms: [190, 1_500],
    },
    {
      title: 'x-envoy-expected-rq-timeout-ms is the timeout on the first try',
      yaml: routes(`- timeout: 3s\n  ${TO_V1}`),
      requests: [{}, { headers: { 'x-envoy-expected-rq-timeout-ms': '5' } }],
      expect: 'b1',
    },
    {
      title: 'a timeout while the body of the answer streams does not end it with 504',
      yaml: routes(`- timeout: 1s\n  ${TO_V1}`),
      requests: [{ steps: [{ body: 500_000 }] }],
      expect: 'b1',
    },
  ],
};

export const LOCAL_REPLIES: CaseGroup = {
  title: 'answers of the proxy itself',
  cases: [
    {
      title: 'no endpoints: an empty subset',
      yaml: routes('- route: [{destination: {host: $host, subset: none}}]'),
      requests: [{}, { method: 'POST', body: 'x' }, { method: 'HEAD' }, { method: 'OPTIONS' }],
      expect: '503',
    },
    {
      title: 'no endpoints: an empty service',
      yaml: service([]),
      requests: [{}, { port: 8080 }],
      expect: '503',
    },
    {
      title: 'an unknown subset: 503 without text',
      yaml:
        service(['b1']) +
        rule(SUBSETS) +
        virtualService('- route: [{destination: {host: $host, subset: unknown}}]'),
      requests: [{}, { method: 'POST', body: 'x' }],
      expect: '503',
    },
    {
      title: 'an unknown destination host: 503 without text',
      yaml: service(['b1']) + virtualService('- route: [{destination: {host: nowhere.$name.test}}]'),
      requests: [{}, { path: '/x' }],
      expect: '503',
    },
    {
      title: 'a DNS name that does not resolve',
      yaml: service(['- {address: nowhere.invalid, ports: {http: $b1}}']).replace('STATIC', 'DNS'),
      requests: [{}],
      expect: '503',
    },
  ],
};
