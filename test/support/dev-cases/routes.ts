/** Every HTTP field of a VirtualService. */

import { type DevCase, object, REVIEWS, routes, service, TO_V1, TO_V2 } from './base';

export const ROUTE_CASES: readonly DevCase[] = [
  {
    title: 'match: uri exact, prefix, regex, ignoreUriCase',
    yaml: routes(`
- name: exact
  match: [{name: a, uri: {exact: /a}}, {uri: {prefix: /b}, ignoreUriCase: true}]
  ${TO_V1}
- match: [{uri: {regex: '/c/[0-9]+'}}]
  ${TO_V2}
- match: [{uri: {prefix: /}}]
  ${TO_V1}
- match: [{uri: {exact: /never}}]
  ${TO_V2}`),
  },
  {
    title: 'match: empty ones',
    yaml: routes(`
- match: [{uri: {}, headers: {x: {}}}, {uri: {prefix: ""}, method: {exact: GET}}]
  ${TO_V1}
- ${TO_V2}`),
  },
  {
    title: 'match: headers, withoutHeaders, method, authority, scheme, queryParams',
    yaml: routes(
      `
- match:
  - headers: {x-b: {exact: "1"}, x-a: {prefix: p}, x-c: {regex: 'r.*'}, x-d: {}}
    withoutHeaders: {x-e: {exact: no}, x-f: {}}
    method: {exact: GET}
    authority: {prefix: rev}
    scheme: {exact: http}
    queryParams: {v: {exact: "2"}, flag: {}, w: {regex: 'x+'}}
  ${TO_V2}
- ${TO_V1}`.replaceAll('exact: no}', 'exact: "no"}'),
    ),
  },
  {
    title: 'match: port, sourceLabels, sourceNamespace, gateways are decided for the node',
    node: { labels: { app: 'web', tier: 'front' } },
    yaml: routes(
      `
- match: [{port: 8080, uri: {prefix: /only-8080}}]
  ${TO_V2}
- match: [{sourceLabels: {app: web}, uri: {prefix: /web}}, {sourceLabels: {app: other}, uri: {prefix: /other}}]
  ${TO_V2}
- match: [{sourceNamespace: shop, uri: {prefix: /shop}}, {sourceNamespace: else, uri: {prefix: /else}}]
  ${TO_V2}
- match: [{gateways: [mesh], uri: {prefix: /mesh}}, {gateways: [edge], uri: {prefix: /edge}}]
  ${TO_V2}
- match: [{sourceLabels: {tier: front}}]
  ${TO_V1}
- ${TO_V2}`,
      'gateways: [mesh, edge]',
    ),
  },
  {
    title: 'weights, weight 0 dropped, header operations at both levels',
    yaml: routes(`
- headers: {request: {set: {x-z: "1", x-y: "2"}, add: {x-add: a}, remove: [x-gone]}, response: {add: {x-r: r}, remove: [x-s]}}
  route:
  - {destination: {host: reviews, subset: v1}, weight: 90, headers: {request: {add: {x-d: v1}}, response: {set: {x-e: e}}}}
  - {destination: {host: reviews, subset: v2}, weight: 10}
  - {destination: {host: reviews}, weight: 0}`),
  },
  {
    title: 'a single destination with header operations, Host set by header',
    yaml: routes(`
- match: [{uri: {prefix: /host}}]
  headers: {request: {set: {Host: other.example.com, x-a: a}}}
  ${TO_V1}
- headers: {request: {set: {x-a: route}, remove: [x-q]}, response: {set: {x-b: route}}}
  route:
  - {destination: {host: reviews, subset: v1, port: {number: 8080}}, weight: 5, headers: {request: {set: {x-a: dest, ":authority": dest.example.com}}, response: {remove: [x-c]}}}`),
  },
  {
    title: 'one weighted destination left of two',
    yaml: routes(`
- route:
  - {destination: {host: reviews, subset: v1}, weight: 0}
  - {destination: {host: reviews, subset: v2}, weight: 3, headers: {request: {set: {Host: w.example.com}}}}`),
  },
  {
    title: 'redirects',
    yaml: routes(`
- match: [{uri: {exact: /1}}]
  redirect: {uri: /new, authority: d.test, redirectCode: 302}
- match: [{uri: {exact: /2}}]
  redirect: {scheme: https, port: 8443}
- match: [{uri: {exact: /3}}]
  redirect: {derivePort: FROM_REQUEST_PORT, redirectCode: 308}
- match: [{uri: {prefix: /4}}]
  redirect: {prefixRewrite: /x, redirectCode: 307}
- match: [{uri: {exact: /5}}]
  redirect: {authority: e.test, port: 443, scheme: https, redirectCode: 303}
- redirect: {authority: f.test}`),
  },
  {
    title: 'direct responses',
    yaml: routes(`
- match: [{uri: {exact: /s}}]
  directResponse: {status: 418, body: {string: "short and stout"}}
  headers: {response: {set: {content-type: text/html}}}
- match: [{uri: {exact: /b}}]
  directResponse: {status: 200, body: {bytes: aGVsbG8=}}
- directResponse: {status: 503}`),
  },
  {
    title: 'rewrites',
    yaml: routes(`
- match: [{uri: {prefix: /api}}]
  rewrite: {uri: /, authority: rw.test}
  ${TO_V1}
- match: [{uri: {prefix: /re}}]
  rewrite: {uriRegexRewrite: {match: '/re/(.*)', rewrite: '/\\1'}}
  ${TO_V1}
- rewrite: {authority: only.test}
  ${TO_V2}`),
  },
  {
    title: 'timeouts and retries',
    yaml: routes(`
- match: [{uri: {prefix: /1}}]
  timeout: 1.5s
  retries: {attempts: 3, perTryTimeout: 250ms, retryOn: "5xx,reset", backoff: 40ms}
  ${TO_V1}
- match: [{uri: {prefix: /2}}]
  retries: {attempts: 0}
  ${TO_V1}
- match: [{uri: {prefix: /3}}]
  retries: {attempts: 1, retryOn: "418,429,connect-failure", retryIgnorePreviousHosts: false}
  ${TO_V1}
- match: [{uri: {prefix: /4}}]
  retries: {attempts: 5, retryIgnorePreviousHosts: true}
  ${TO_V1}
- timeout: 1m
  retries: {attempts: 2, retryOn: "retriable-status-codes,503", retryRemoteLocalities: true}
  ${TO_V1}`),
  },
  {
    title: 'fault injection and CORS',
    yaml: routes(`
- match: [{uri: {prefix: /f}}]
  fault: {delay: {percentage: {value: 12.5}, fixedDelay: 2s}, abort: {percentage: {value: 0.1}, httpStatus: 555}}
  ${TO_V1}
- match: [{uri: {prefix: /g}}]
  fault: {delay: {percent: 7, fixedDelay: 10ms}}
  ${TO_V1}
- corsPolicy:
    allowOrigins: [{exact: "https://a.test"}, {regex: ".*\\\\.b\\\\.test"}]
    allowMethods: [GET, POST]
    allowHeaders: [x-a, x-b]
    exposeHeaders: [x-c]
    maxAge: 24h
    allowCredentials: true
  ${TO_V2}`),
  },
  {
    title: 'CORS with unmatched preflights ignored, and only allowOrigin',
    yaml: routes(`
- match: [{uri: {prefix: /a}}]
  corsPolicy: {allowOrigins: [{prefix: "https://"}], unmatchedPreflights: IGNORE}
  ${TO_V1}
- corsPolicy: {allowOrigins: [{exact: "*"}], unmatchedPreflights: FORWARD, allowCredentials: false}
  ${TO_V2}`),
  },
  {
    title: 'mirrors',
    yaml:
      service('copy') +
      routes(`
- match: [{uri: {prefix: /1}}]
  mirror: {host: copy}
  ${TO_V1}
- match: [{uri: {prefix: /2}}]
  mirror: {host: reviews, subset: v2}
  mirrorPercentage: {value: 12.34}
  ${TO_V1}
- match: [{uri: {prefix: /3}}]
  mirrors: [{destination: {host: copy, port: {number: 80}}, percentage: {value: 50}}, {destination: {host: reviews, subset: v1}}, {destination: {host: copy}, percentage: {value: 0}}]
  ${TO_V1}
- ${TO_V2}`),
  },
  {
    title: 'delegation',
    yaml:
      REVIEWS +
      object(
        'VirtualService',
        'root',
        `
hosts: [reviews]
http:
- name: r
  match: [{uri: {prefix: /api}, headers: {x-root: {exact: "1"}}}]
  timeout: 3s
  delegate: {name: leaf, namespace: team}
- route: [{destination: {host: reviews}}]`,
      ) +
      object(
        'VirtualService',
        'leaf',
        `
http:
- name: l
  match: [{uri: {prefix: /api/v2}, headers: {x-leaf: {exact: "2"}}}, {uri: {prefix: /elsewhere}}]
  route: [{destination: {host: reviews.shop.svc.cluster.local, port: {number: 8080}}}]
- route: [{destination: {host: reviews.shop.svc.cluster.local}}]
  retries: {attempts: 7}`,
        'team',
      ),
  },
];
