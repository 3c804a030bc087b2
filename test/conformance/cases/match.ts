/** envoy.md §2 and §4: which route takes a request, but for its path. */

import type { CaseGroup } from '../bed';
import { matching, paths, routes, TO_V1, TO_V2, TO_V3, withHeaders } from './base';

export const MATCH: CaseGroup = {
  title: 'matching',
  cases: [
    {
      title: 'headers exact, prefix and regex (whole value)',
      yaml: routes(`
- match: [{headers: {x-e: {exact: one}}}]
  ${TO_V2}
- match: [{headers: {x-p: {prefix: two}}}]
  ${TO_V3}
- match: [{headers: {x-r: {regex: 'th.+e'}}}]
  ${TO_V2}
- ${TO_V1}`),
      requests: withHeaders(
        { 'x-e': 'one' },
        { 'X-E': 'one' },
        { 'x-e': 'One' },
        { 'x-e': 'one ' },
        { 'x-p': 'two-three' },
        { 'x-p': 'a two' },
        { 'x-r': 'three' },
        { 'x-r': 'three!' },
      ),
      expect: ['b2', 'b2', 'b1', 'b2', 'b3', 'b1', 'b2', 'b1'],
    },
    {
      title: 'headers {}: present, also when empty',
      yaml: matching('{headers: {x-here: {}}}'),
      requests: withHeaders({ 'x-here': 'a' }, { 'x-here': '' }, { 'x-other': 'a' }),
      expect: ['b2', 'b2', 'b1'],
    },
    {
      title: 'withoutHeaders: exact (a missing header matches), prefix, regex and {}',
      yaml: routes(`
- match: [{uri: {prefix: /exact}, withoutHeaders: {x-a: {exact: bad}}}]
  ${TO_V2}
- match: [{uri: {prefix: /prefix}, withoutHeaders: {x-a: {prefix: ba}}}]
  ${TO_V2}
- match: [{uri: {prefix: /regex}, withoutHeaders: {x-a: {regex: 'b.*'}}}]
  ${TO_V2}
- match: [{uri: {prefix: /here}, withoutHeaders: {x-a: {}}}]
  ${TO_V2}
- ${TO_V1}`),
      requests: ['/exact', '/prefix', '/regex', '/here'].flatMap((path) => [
        { path },
        { path, headers: { 'x-a': 'bad' } },
        { path, headers: { 'x-a': 'good' } },
        { path, headers: { 'x-a': '' } },
        { path, headers: { 'x-a': ['good', 'bad'] } },
      ]),
    },
    {
      title: 'several lines of a header are looked at one by one',
      yaml: routes(`
- match: [{uri: {prefix: /exact}, headers: {x-l: {exact: b}}}]
  ${TO_V2}
- match: [{uri: {prefix: /joined}, headers: {x-l: {exact: 'a,b'}}}]
  ${TO_V2}
- match: [{uri: {prefix: /regex}, headers: {x-l: {regex: 'a,.*'}}}]
  ${TO_V2}
- ${TO_V1}`),
      requests: ['/exact', '/joined', '/regex'].flatMap((path) => [
        { path, headers: { 'x-l': ['a', 'b'] } },
        { path, headers: { 'x-l': 'a,b' } },
        { path, headers: { 'x-l': 'a, b' } },
      ]),
      expect: ['b2', 'b1', 'b1', 'b1', 'b2', 'b1', 'b1', 'b2', 'b2'],
    },
    {
      title: 'all headers of a match are required, one match of several is enough',
      yaml: matching('{headers: {x-a: {exact: "1"}, x-b: {exact: "2"}}}, {headers: {x-c: {exact: "3"}}}'),
      requests: withHeaders(
        { 'x-a': '1', 'x-b': '2' },
        { 'x-a': '1' },
        { 'x-b': '2' },
        { 'x-c': '3' },
        { 'x-a': '1', 'x-c': '3' },
      ),
      expect: ['b2', 'b1', 'b1', 'b2', 'b2'],
    },
    {
      title: 'headers with a meaning of their own: user-agent, cookie, content-type, content-length',
      yaml: routes(`
- match: [{uri: {prefix: /ua}, headers: {user-agent: {prefix: curl/}}}]
  ${TO_V2}
- match: [{uri: {prefix: /ck}, headers: {cookie: {regex: '^(.*?;\\s*)?(user=jason)(;.*)?$'}}}]
  ${TO_V2}
- match: [{uri: {prefix: /ct}, headers: {content-type: {exact: application/json}}}]
  ${TO_V2}
- match: [{uri: {prefix: /cl}, headers: {content-length: {exact: "4"}}}]
  ${TO_V2}
- ${TO_V1}`),
      requests: [
        { path: '/ua', headers: { 'user-agent': 'curl/8' } },
        { path: '/ua', headers: { 'user-agent': 'node' } },
        { path: '/ck', headers: { cookie: 'a=b; user=jason; c=d' } },
        { path: '/ck', headers: { cookie: ['a=b', 'user=jason'] } },
        { path: '/ck', headers: { cookie: 'user=jasona' } },
        { path: '/ct', method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } },
        { path: '/ct', method: 'POST', body: '{}', headers: { 'content-type': 'application/json; x' } },
        { path: '/cl', method: 'POST', body: 'four', headers: { 'content-length': '4' } },
        { path: '/cl', method: 'POST', body: 'three', headers: { 'content-length': '5' } },
      ],
    },
    {
      title: 'method: exact, prefix, regex',
      yaml: routes(`
- match: [{method: {exact: POST}}]
  ${TO_V2}
- match: [{method: {regex: 'PUT|DELETE'}}]
  ${TO_V3}
- match: [{method: {prefix: PA}}]
  ${TO_V3}
- ${TO_V1}`),
      requests: ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD'].map((method) => ({ method })),
      expect: ['b1', 'b2', 'b3', 'b3', 'b3', 'b1', 'b1'],
    },
    {
      title: 'scheme',
      yaml: routes(`
- match: [{scheme: {exact: https}}]
  ${TO_V2}
- match: [{scheme: {exact: http}, uri: {prefix: /plain}}]
  ${TO_V3}
- ${TO_V1}`),
      requests: paths('/', '/plain'),
      expect: ['b1', 'b3'],
    },
    {
      title: 'authority: raw, with port and letter case',
      yaml: routes(`
- match: [{authority: {exact: $host}}]
  ${TO_V2}
- match: [{authority: {exact: '$host:8080'}}]
  ${TO_V3}
- ${TO_V1}`),
      requests: [
        {},
        { port: 8080 },
        { headers: { host: '$name.SHOP.svc.cluster.local' } },
        { headers: { host: '$host:80' } },
        { headers: { host: '$host.' } },
        { host: '$name.shop' },
      ],
      expect: ['b2', 'b3', 'b1', 'b1', 'b1', 'b1'],
    },
    {
      title: 'queryParams exact and regex: raw values, the first of several, names with case',
      yaml: routes(`
- match: [{uri: {prefix: /e}, queryParams: {v: {exact: "2"}}}]
  ${TO_V2}
- match: [{uri: {prefix: /r}, queryParams: {w: {regex: 'x+'}}}]
  ${TO_V3}
- ${TO_V1}`),
      requests: paths(
        '/e?v=2',
        '/e?v=%32',
        '/e?V=2',
        '/e?v=1&v=2',
        '/e?v=2&v=1',
        '/e?a&v=2&',
        '/e?v=2;w=1',
        '/e?xv=2',
        '/e',
        '/r?w=xxx',
        '/r?w=xxy',
        '/r?w=',
      ),
      expect: ['b2', 'b1', 'b1', 'b1', 'b2', 'b2', 'b1', 'b1', 'b1', 'b3', 'b1', 'b1'],
    },
    {
      title: 'queryParams {} and prefix',
      yaml: routes(`
- match: [{uri: {prefix: /p}, queryParams: {flag: {}}}]
  ${TO_V2}
- match: [{uri: {prefix: /x}, queryParams: {v: {prefix: ab}}}]
  ${TO_V3}
- ${TO_V1}`),
      requests: paths(
        '/p?flag',
        '/p?flag=x',
        '/p?flag=',
        '/p?flags=1',
        '/p',
        '/x?v=abc',
        '/x?v=ba',
        '/x?v=%61b',
      ),
      expect: ['b2', 'b2', 'b2', 'b1', 'b1', 'b3', 'b1', 'b1'],
    },
    {
      title: 'the first rule that matches counts',
      yaml: routes(`
- match: [{uri: {prefix: /a/b}}]
  ${TO_V3}
- match: [{uri: {prefix: /a}}]
  ${TO_V2}
- match: [{uri: {prefix: /a/b/c}}]
  ${TO_V1}
- ${TO_V1}`),
      requests: paths('/a/b/c', '/a/x', '/z'),
      expect: ['b3', 'b2', 'b1'],
    },
    {
      title: 'no rule matches: 404',
      yaml: routes(`
- match: [{uri: {exact: /only}}]
  ${TO_V1}`),
      requests: [
        ...paths('/only', '/other'),
        { path: '/other', method: 'HEAD' },
        { path: '/x', method: 'POST', body: 'b' },
      ],
      expect: ['b1', '404', '404', '404'],
    },
    {
      title: 'matching sees the request as received, not as changed',
      yaml: routes(`
- match: [{uri: {prefix: /first}}]
  rewrite: {uri: /second}
  headers: {request: {set: {x-step: second}}}
  ${TO_V2}
- match: [{headers: {x-step: {exact: second}}}]
  ${TO_V3}
- ${TO_V1}`),
      requests: [{ path: '/first' }, { path: '/second' }, { headers: { 'x-step': 'second' } }],
      expect: ['b2', 'b1', 'b3'],
    },
    {
      title: 'port: rules for another port do not count',
      yaml: routes(`
- match: [{port: 8080}]
  ${TO_V2}
- ${TO_V1}`),
      requests: [{}, { port: 8080 }],
      expect: ['b1', 'b2'],
    },
    {
      title: 'sourceLabels, sourceNamespace and gateways are decided for the caller',
      client: 'labelled',
      yaml: routes(`
- match: [{uri: {prefix: /web}, sourceLabels: {app: web}}, {uri: {prefix: /other}, sourceLabels: {app: other}}]
  ${TO_V2}
- match: [{uri: {prefix: /in}, sourceNamespace: shop}, {uri: {prefix: /out}, sourceNamespace: else}]
  ${TO_V2}
- match: [{uri: {prefix: /mesh}, gateways: [mesh]}, {uri: {prefix: /edge}, gateways: [edge]}]
  ${TO_V2}
- ${TO_V1}`),
      requests: paths('/web', '/other', '/in', '/out', '/mesh', '/edge'),
      expect: ['b2', 'b1', 'b2', 'b1', 'b2', 'b1'],
    },
    {
      title: 'an absolute-form target',
      yaml: matching('{uri: {prefix: /api}}'),
      requests: [{ path: 'http://$host/api/x' }, { path: 'http://$host/x' }, { path: 'http://$host' }],
    },
  ],
};
