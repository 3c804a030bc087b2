/** envoy.md §5: what rules, and the proxy itself, change in headers. */

import type { CaseGroup } from '../bed';
import { routes, service, TO_V1, TO_V2, withHeaders } from './base';

const AT_ROUTE = 'headers: {request: {set: {x-a: route}}, response: {set: {x-r: route}}}';
const AT_DESTINATION = 'headers: {request: {set: {x-a: destination}}, response: {set: {x-r: destination}}}';

const OPERATORS =
  "{x-code: '%RESPONSE_CODE%', x-flags: '%RESPONSE_FLAGS%', x-details: '%RESPONSE_CODE_DETAILS%', x-tries: '%UPSTREAM_REQUEST_ATTEMPT_COUNT%', x-cluster: '%UPSTREAM_CLUSTER%'}";

export const HEADERS: CaseGroup = {
  title: 'headers',
  cases: [
    {
      title: 'what a backend sees without rules',
      yaml: routes(`- ${TO_V1}`),
      requests: [
        {},
        { headers: { 'X-Mixed-Case': 'Value', 'x-forwarded-for': '10.1.1.1', 'x-forwarded-proto': 'https' } },
        { headers: { 'x-request-id': 'mine', 'x-envoy-attempt-count': '7' } },
        { method: 'POST', body: 'hello', headers: { 'content-type': 'text/plain' } },
        { method: 'POST', body: 'hello', headers: { 'transfer-encoding': 'chunked' } },
        { method: 'PUT', body: '' },
        { method: 'OPTIONS' },
        { method: 'DELETE' },
        { method: 'HEAD' },
        { headers: { te: 'trailers', 'keep-alive': 'x', 'proxy-connection': 'close' } },
      ],
    },
    {
      title: 'x-envoy-* of the client that mean something to Envoy are removed and ignored',
      yaml: routes(`- ${TO_V1}`),
      requests: [
        {
          headers: {
            'x-envoy-upstream-rq-timeout-ms': '1',
            'x-envoy-max-retries': '5',
            'x-envoy-retry-on': '5xx',
          },
          steps: [{ status: 503, delay: 50 }, {}],
        },
        {
          headers: {
            'x-envoy-upstream-rq-per-try-timeout-ms': '1',
            'x-envoy-retry-grpc-on': 'internal',
            'x-envoy-upstream-alt-stat-name': 'a',
            'x-envoy-hedge-on-per-try-timeout': 'true',
            'x-envoy-retriable-status-codes': '503',
            'x-envoy-retriable-header-names': 'x',
            'x-envoy-expected-rq-timeout-ms': '7',
            'x-envoy-original-path': '/old',
            'x-envoy-original-host': 'old',
            'x-envoy-internal': 'true',
            'x-envoy-external-address': '1.1.1.1',
            'x-envoy-decorator-operation': 'mine',
            'x-envoy-downstream-service-cluster': 'me',
            'x-envoy-ip-tags': 'a',
            'x-envoy-force-trace': '1',
            'x-envoy-own': 'kept',
          },
        },
      ],
      expect: ['503 b1', 'b1'],
    },
    {
      title: "what the client sees of a backend's headers",
      yaml: routes(`- ${TO_V1}`),
      requests: [
        {
          steps: [
            {
              headers: {
                'set-cookie': ['a=1', 'b=2'],
                server: 'own',
                'x-envoy-upstream-service-time': '9999',
                'x-envoy-own': 'passes',
                'X-Upper': 'Kept',
                'x-two': ['1', '2'],
                'keep-alive': 'timeout=3',
              },
            },
          ],
        },
        { steps: [{ status: 404, body: 'not here' }] },
        { steps: [{ status: 500, body: 'own error' }] },
        { steps: [{ status: 204, body: '' }] },
        { steps: [{ status: 304, body: '' }] },
        { steps: [{ status: 301, headers: { location: '/elsewhere' }, body: '' }] },
        { steps: [{ status: 418 }] },
        { steps: [{ status: 599 }] },
        { method: 'HEAD', steps: [{ headers: { 'x-head': '1' } }] },
      ],
    },
    {
      title: 'set, add and remove on the request',
      yaml: routes(`
- headers: {request: {set: {x-set: s, x-new: fresh}, add: {x-add: two, x-set: added}, remove: [x-gone, x-never]}}
  ${TO_V1}`),
      requests: withHeaders(
        {},
        { 'x-set': 'mine', 'x-add': 'one', 'x-gone': 'x' },
        { 'x-set': ['a', 'b'], 'X-Add': ['a', 'b'], 'X-GONE': ['a', 'b'] },
      ),
      expect: 'b1',
    },
    {
      title: 'set, add and remove on the response',
      yaml: routes(`
- headers: {response: {set: {x-set: s, server: ruled}, add: {x-add: two}, remove: [x-gone]}}
  ${TO_V1}`),
      requests: [
        {},
        { steps: [{ headers: { 'x-set': 'own', 'x-add': 'one', 'x-gone': 'x' } }] },
        { steps: [{ status: 500, headers: { 'x-set': ['a', 'b'], 'x-gone': ['a', 'b'] } }] },
      ],
      expect: ['b1', 'b1', '500 b1'],
    },
    {
      title: 'remove and set of the same header',
      yaml: routes(`
- headers: {request: {remove: [x-a], set: {x-a: new}}, response: {remove: [x-r], add: {x-r: new}}}
  ${TO_V1}`),
      requests: [{ headers: { 'x-a': 'old' }, steps: [{ headers: { 'x-r': 'old' } }] }],
      expect: 'b1',
    },
    {
      title: "one destination: the destination's headers win over the route's",
      yaml: routes(`
- ${AT_ROUTE}
  route:
  - {destination: {host: $host, subset: v1}, ${AT_DESTINATION}}`),
      requests: [{}, { headers: { 'x-a': 'mine' } }],
      expect: 'b1',
    },
    {
      title: "several weighted destinations: the route's headers win over the destination's",
      yaml: routes(`
- ${AT_ROUTE}
  route:
  - {destination: {host: $host, subset: v1}, weight: 99, ${AT_DESTINATION}}
  - {destination: {host: $host, subset: v1, port: {number: 80}}, weight: 1, ${AT_DESTINATION}}`),
      requests: [{}, { headers: { 'x-a': 'mine' } }],
      expect: 'b1',
    },
    {
      title: 'add at both levels: two lines',
      yaml: routes(`
- headers: {request: {add: {x-a: route}}, response: {add: {x-r: route}}}
  route:
  - {destination: {host: $host, subset: v1}, weight: 1, headers: {request: {add: {x-a: dest}}, response: {add: {x-r: dest}}}}
  - {destination: {host: $host, subset: v1, port: {number: 80}}, weight: 1, headers: {request: {add: {x-a: dest}}, response: {add: {x-r: dest}}}}`),
      requests: [{ headers: { 'x-a': 'mine' }, steps: [{ headers: { 'x-r': 'own' } }] }],
      expect: 'b1',
    },
    {
      title: 'command operators in request headers',
      yaml: routes(`
- headers:
    request:
      set:
        x-path: '%REQ(:PATH)%'
        x-from: 'from %REQ(X-Source)%!'
        x-alt: '%REQ(X-Other?X-Source)%'
        x-method: '%REQ(:METHOD)% %REQ(:AUTHORITY)% %REQ(:SCHEME)%'
        x-percent: '100%%'
        x-absent: '%REQ(X-Absent)%'
        x-protocol: '%PROTOCOL%'
        x-route: '%ROUTE_NAME%'
        x-cluster: '%UPSTREAM_CLUSTER%'
  ${TO_V1}`),
      requests: [
        { path: '/p?q=1', headers: { 'x-source': 'here' } },
        { path: '/x/../p' },
        { headers: { 'x-absent': 'mine', 'x-source': ['a', 'b'] } },
      ],
      expect: 'b1',
      tolerate: { 'request header x-cluster': "Envoy says its name for statistics, with a ';' at the end" },
    },
    {
      title: 'command operators in response headers',
      yaml: routes(`
- headers:
    response:
      set:
        x-code: '%RESPONSE_CODE%'
        x-flags: '%RESPONSE_FLAGS%'
        x-own: '%RESP(X-Own)%'
        x-asked: '%REQ(X-Asked)%'
        x-none: '%RESP(X-None)%'
        x-host: '%UPSTREAM_HOST%'
        x-tries: '%UPSTREAM_REQUEST_ATTEMPT_COUNT%'
        x-details: '%RESPONSE_CODE_DETAILS%'
  ${TO_V1}`),
      requests: [
        { headers: { 'x-asked': 'yes' }, steps: [{ headers: { 'x-own': 'own', 'x-none': '' } }] },
        { steps: [{ status: 503 }] },
      ],
      expect: ['b1', '503 b1'],
    },
    {
      title: 'command operators in local answers',
      yaml:
        routes(`
- match: [{uri: {prefix: /direct}}]
  headers: {response: {set: ${OPERATORS}}}
  directResponse: {status: 418, body: {string: tea}}
- match: [{uri: {prefix: /redirect}}]
  headers: {response: {set: ${OPERATORS}}}
  redirect: {uri: /new}
- match: [{uri: {prefix: /abort}}]
  headers: {response: {set: ${OPERATORS}}}
  fault: {abort: {httpStatus: 555, percentage: {value: 100}}}
  ${TO_V1}
- match: [{uri: {prefix: /delay}}]
  headers: {response: {set: ${OPERATORS}}}
  fault: {delay: {fixedDelay: 20ms, percentage: {value: 100}}, abort: {httpStatus: 555, percentage: {value: 100}}}
  ${TO_V1}
- match: [{uri: {prefix: /late}}]
  headers: {response: {set: ${OPERATORS}}}
  fault: {delay: {fixedDelay: 20ms, percentage: {value: 100}}}
  route: [{destination: {host: $host, subset: none}}]
- match: [{uri: {prefix: /none}}]
  headers: {response: {set: ${OPERATORS}}}
  route: [{destination: {host: $host, subset: none}}]
- match: [{uri: {prefix: /unknown}}]
  headers: {response: {set: ${OPERATORS}}}
  route: [{destination: {host: $host, subset: unknown}}]
- match: [{uri: {prefix: /slow}}]
  timeout: 50ms
  headers: {response: {set: ${OPERATORS}}}
  ${TO_V1}
- match: [{uri: {prefix: /try}}]
  retries: {attempts: 1, perTryTimeout: 50ms, retryOn: 5xx, backoff: 1ms}
  headers: {response: {set: ${OPERATORS}}}
  ${TO_V1}
- match: [{uri: {prefix: /reset}}]
  headers: {response: {set: ${OPERATORS}}}
  ${TO_V1}
- route: [{destination: {host: gone-$name.shop.svc.cluster.local}}]
  headers: {response: {set: {x-code: '%RESPONSE_CODE%', x-flags: '%RESPONSE_FLAGS%'}}}`) +
        service(
          ['- {address: 127.0.0.1, ports: {http: $refused}}'],
          'gone-$name.shop.svc.cluster.local',
          'gone-$name',
        ),
      requests: [
        ...['/direct', '/redirect', '/abort', '/delay', '/late', '/none', '/unknown'].map((path) => ({
          path,
        })),
        { path: '/slow', steps: [{ act: 'hang' }] },
        { path: '/try', steps: [{ act: 'hang' }] },
        { path: '/reset', steps: [{ act: 'reset' }] },
        { path: '/gone' },
      ],
      expect: ['418', '301', '555', '555', '503', '503', '503', '504', '504', '503', '503'],
    },
    {
      title: 'Host in headers.request.set is a rewrite of the host',
      yaml: routes(`
- match: [{uri: {prefix: /set}}]
  headers: {request: {set: {Host: set.$name.test}}}
  ${TO_V1}
- match: [{uri: {prefix: /pseudo}}]
  headers: {request: {set: {":authority": pseudo.$name.test}}}
  ${TO_V1}
- route:
  - {destination: {host: $host, subset: v2}, headers: {request: {set: {Host: dest.$name.test}}}}`),
      requests: [{ path: '/set' }, { path: '/pseudo' }, { path: '/x' }],
      expect: ['b1', 'b1', 'b2'],
    },
    {
      title: 'Host at one of several weighted destinations',
      yaml: routes(`
- route:
  - {destination: {host: $host, subset: v1}, weight: 50, headers: {request: {set: {Host: w.$name.test}}}}
  - {destination: {host: $host, subset: v1, port: {number: 80}}, weight: 50, headers: {request: {set: {Host: w.$name.test}}}}`),
      requests: [{}],
      expect: 'b1',
    },
    {
      title: 'headers that the proxy adds itself can be changed by a rule',
      yaml: routes(`
- headers:
    request: {set: {x-request-id: ruled, x-forwarded-proto: ruled}, remove: [x-envoy-attempt-count, x-envoy-decorator-operation]}
    response: {remove: [x-envoy-upstream-service-time, date]}
  ${TO_V2}`),
      requests: [{}],
      expect: 'b2',
      tolerate: {
        'response header date': 'Envoy dates an answer whose date a rule removed; inmesh removes it',
      },
    },
    {
      title: 'response headers of the rule on every local answer of it',
      yaml: routes(`
- match: [{uri: {prefix: /direct}}]
  headers: {response: {set: {x-r: "1", content-type: text/html}, add: {x-add: "2"}}}
  directResponse: {status: 200, body: {string: "<p>"}}
- match: [{uri: {prefix: /redirect}}]
  headers: {response: {set: {x-r: "1"}}}
  redirect: {uri: /new}
- match: [{uri: {prefix: /none}}]
  headers: {response: {set: {x-r: "1", x-code: '%RESPONSE_CODE%'}}}
  route: [{destination: {host: $host, subset: none}}]
- match: [{uri: {prefix: /slow}}]
  timeout: 50ms
  headers: {response: {set: {x-r: "1", x-flags: '%RESPONSE_FLAGS%'}, remove: [content-type]}}
  ${TO_V1}
- ${TO_V1}`),
      requests: [
        { path: '/direct' },
        { path: '/redirect' },
        { path: '/none' },
        { path: '/slow', steps: [{ act: 'hang' }] },
      ],
      expect: ['200', '301', '503', '504'],
    },
  ],
};
