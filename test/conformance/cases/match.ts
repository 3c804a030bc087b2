/** envoy.md §2 and §4: which route takes a request. */

import type { CaseGroup } from '../bed';
import { everything, paths, routes, TO_V1, TO_V2, TO_V3, withHeaders } from './base';

/** v2 for what matches, v1 for the rest. */
function matching(match: string): string {
  return routes(`
- match: [${match}]
  ${TO_V2}
- ${TO_V1}`);
}

export const MATCH: CaseGroup = {
  title: 'matching',
  cases: [
    {
      title: 'uri exact: the path without its query, letter case counts',
      yaml: matching('{uri: {exact: /api}}'),
      requests: paths('/api', '/api?x=1', '/api/', '/apix', '/API', '/'),
      expect: ['b2', 'b2', 'b1', 'b1', 'b1', 'b1'],
    },
    {
      title: 'uri prefix: of characters, not of segments',
      yaml: matching('{uri: {prefix: /api}}'),
      requests: paths('/api', '/apix', '/api/x?y', '/ap', '/Api', '/x/api'),
      expect: ['b2', 'b2', 'b2', 'b1', 'b1', 'b1'],
    },
    {
      title: 'uri regex: RE2 over the whole path without query',
      yaml: matching(`{uri: {regex: '/c/[0-9]+'}}`),
      requests: paths('/c/12', '/c/12?q=/x', '/c/12/', '/x/c/12', '/c/', '/c/1a'),
      expect: ['b2', 'b2', 'b1', 'b1', 'b1', 'b1'],
    },
    {
      title: 'uri regex: alternatives, classes, (?i)',
      yaml: routes(`
- match: [{uri: {regex: '(?i)/user/[a-z]+(/.*)?'}}]
  ${TO_V2}
- match: [{uri: {regex: '/a|/b/.+'}}]
  ${TO_V3}
- ${TO_V1}`),
      requests: paths('/USER/Bob/x', '/user/bob', '/user/', '/a', '/ab', '/b/c', '/b/'),
      expect: ['b2', 'b2', 'b1', 'b3', 'b1', 'b3', 'b1'],
    },
    {
      title: 'ignoreUriCase on exact and prefix',
      yaml: routes(`
- match: [{uri: {exact: /Exact}, ignoreUriCase: true}]
  ${TO_V2}
- match: [{uri: {prefix: /Pre}, ignoreUriCase: true}]
  ${TO_V3}
- ${TO_V1}`),
      requests: paths('/eXACT', '/exact', '/PREfix', '/pr', '/exact/'),
      expect: ['b2', 'b2', 'b3', 'b1', 'b1'],
    },
    {
      title: 'a match without uri takes every path',
      yaml: matching('{headers: {x-a: {exact: "1"}}}'),
      requests: [
        { path: '/any', headers: { 'x-a': '1' } },
        { path: '/', headers: { 'x-a': '2' } },
      ],
      expect: ['b2', 'b1'],
    },
    {
      title: 'the path is normalised before the match, and the backend gets it so',
      yaml: matching('{uri: {prefix: /api}}'),
      requests: paths(
        '/x/../api/a',
        '/./api',
        '/%2e%2e/api',
        '/x/%2E%2E/api/',
        '/%61pi/e',
        '/api/../x',
        '/../../api',
        '/api/.',
        '/api/..',
        '/x/..',
      ),
      expect: ['b2', 'b2', 'b2', 'b2', 'b2', 'b1', 'b2', 'b2', 'b1', 'b1'],
    },
    {
      title: 'what normalisation leaves alone: //, %2f, other escapes, the query',
      yaml: matching('{uri: {prefix: /api/}}'),
      requests: paths(
        '//api/x',
        '/api//x',
        '/api%2fx',
        '/api%2Fx',
        '/api/a%20b',
        '/api/%C3%A4',
        '/api/%7Eme',
        '/api/x?y=/../z&w=%61',
        '/api/a;b=c',
        "/api/!$&'()*+,=:@",
      ),
      expect: ['b1', 'b2', 'b1', 'b1', 'b2', 'b2', 'b2', 'b2', 'b2', 'b2'],
    },
    {
      title: 'malformed escapes and backslashes in the path',
      yaml: matching('{uri: {prefix: /api/}}'),
      requests: paths('/api/%', '/api/%zz', '/api/%4', '/api\\x', '/a\\..\\api/x'),
    },
    {
      title: 'odd targets: only a query, dots in the query',
      yaml: matching('{uri: {exact: /}}'),
      requests: paths('/?', '/?a=b', '/?../x'),
    },
    {
      title: 'a target with a fragment',
      yaml: matching('{uri: {exact: /}}'),
      requests: paths('/#x'),
      expect: '400',
      tolerate: everything(
        'Envoy refuses it; a call keeps what the application wrote, and most servers take it',
      ),
    },
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
