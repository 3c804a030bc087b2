/** envoy.md §2 and §5: rewrites, redirects, direct responses, weighted destinations. */

import type { CaseGroup } from '../bed';
import { paths, routes, TO_V1, TO_V2 } from './base';

export const REWRITES: CaseGroup = {
  title: 'rewrites',
  cases: [
    {
      title: 'rewrite.uri on a prefix match replaces just the prefix',
      yaml: routes(`
- match: [{uri: {prefix: /api}}]
  rewrite: {uri: /}
  ${TO_V1}
- match: [{uri: {prefix: /old/}}]
  rewrite: {uri: /new/}
  ${TO_V1}
- match: [{uri: {prefix: /same}}]
  rewrite: {uri: /same}
  ${TO_V1}
- ${TO_V2}`),
      requests: paths('/api/x', '/api', '/apix?q=/api', '/old/a/b?c', '/same/x', '/x/../api/y'),
      expect: 'b1',
    },
    {
      title: 'rewrite.uri on an exact match replaces the path, the query stays',
      yaml: routes(`
- match: [{uri: {exact: /a}}]
  rewrite: {uri: /b/c}
  ${TO_V1}
- match: [{uri: {exact: /Case}, ignoreUriCase: true}]
  rewrite: {uri: /lower}
  ${TO_V1}
- ${TO_V2}`),
      requests: paths('/a', '/a?x=/a', '/cASE?y'),
      expect: 'b1',
    },
    {
      title: 'rewrite.uri with ignoreUriCase on a prefix, and without a uri match',
      yaml: routes(`
- match: [{uri: {prefix: /Pre}, ignoreUriCase: true}]
  rewrite: {uri: /post}
  ${TO_V1}
- rewrite: {uri: /all}
  ${TO_V2}`),
      requests: paths('/pREfix/x', '/abc', '/'),
      expect: ['b1', 'b2', 'b2'],
    },
    {
      title: 'rewrite.uri on a regex match',
      yaml: routes(`
- match: [{uri: {regex: '/r/[a-z]+'}}]
  rewrite: {uri: /rewritten}
  ${TO_V1}
- ${TO_V2}`),
      requests: paths('/r/abc', '/r/abc?x=1'),
    },
    {
      title: 'uriRegexRewrite: all occurrences, groups, not the query, unchanged without a match',
      yaml: routes(`
- match: [{uri: {prefix: /g}}]
  rewrite: {uriRegexRewrite: {match: '^/g/([^/]+)/(.*)$', rewrite: '/\\2/\\1'}}
  ${TO_V1}
- match: [{uri: {prefix: /all}}]
  rewrite: {uriRegexRewrite: {match: 'a', rewrite: 'b'}}
  ${TO_V1}
- match: [{uri: {prefix: /never}}]
  rewrite: {uriRegexRewrite: {match: 'zzz', rewrite: 'y'}}
  ${TO_V1}
- match: [{uri: {prefix: /whole}}]
  rewrite: {uriRegexRewrite: {match: '.*', rewrite: '/x\\0'}}
  ${TO_V1}
- ${TO_V2}`),
      requests: paths('/g/one/two/three?a=/g/1/2', '/all/a/aa?a=a', '/never/x', '/whole/y?z', '/g/only'),
      expect: 'b1',
    },
    {
      title: 'rewrite.authority',
      yaml: routes(`
- match: [{uri: {prefix: /both}}]
  rewrite: {uri: /x, authority: both.$name.test}
  ${TO_V1}
- rewrite: {authority: 'rw.$name.test:99'}
  ${TO_V1}`),
      requests: [
        { path: '/both/y' },
        { path: '/' },
        { path: '/', port: 8080 },
        { path: '/', headers: { 'x-envoy-original-host': 'mine' } },
      ],
      expect: 'b1',
    },
  ],
};

const COMBINATIONS: readonly (readonly [string, string])[] = [
  ['uri', '{uri: /new}'],
  ['uri with a query', '{uri: "/new?a=b"}'],
  ['authority', '{authority: d.test}'],
  ['authority with a port', '{authority: "d.test:99"}'],
  ['scheme https', '{scheme: https}'],
  ['scheme and port', '{scheme: https, port: 8443}'],
  ['scheme https, port 443', '{scheme: https, port: 443}'],
  ['port', '{port: 9090}'],
  ['port 80', '{port: 80}'],
  ['authority and port', '{authority: d.test, port: 9090}'],
  ['scheme http, derivePort FROM_REQUEST_PORT', '{scheme: http, derivePort: FROM_REQUEST_PORT}'],
  ['authority, derivePort FROM_REQUEST_PORT', '{authority: d.test, derivePort: FROM_REQUEST_PORT}'],
  ['authority, derivePort FROM_PROTOCOL_DEFAULT', '{authority: d.test, derivePort: FROM_PROTOCOL_DEFAULT}'],
  ['scheme, derivePort FROM_PROTOCOL_DEFAULT', '{scheme: https, derivePort: FROM_PROTOCOL_DEFAULT}'],
  ['everything', '{uri: /all, authority: d.test, scheme: https, port: 8443, redirectCode: 308}'],
];

export const REDIRECTS: CaseGroup = {
  title: 'redirects',
  cases: [
    ...COMBINATIONS.map(([what, spec]) => ({
      title: `redirect: ${what}`,
      yaml: routes(`
- match: [{uri: {prefix: /r}}]
  redirect: ${spec}
- ${TO_V1}`),
      requests: [
        { path: '/r/x?q=1' },
        { path: '/r', port: 8080 },
        { path: '/r/a%20b', headers: { host: '$host:8081' } },
        { path: '/r', headers: { 'x-forwarded-proto': 'https' } },
      ],
    })),
    {
      title: 'redirect codes',
      yaml: routes(
        [301, 302, 303, 307, 308]
          .map(
            (code) => `- {match: [{uri: {prefix: /${code}}}], redirect: {uri: /new, redirectCode: ${code}}}`,
          )
          .join('\n'),
      ),
      requests: [
        ...paths('/301', '/302', '/303', '/307', '/308'),
        { path: '/302', method: 'POST', body: 'b' },
        { path: '/302', method: 'HEAD' },
      ],
      expect: ['301', '302', '303', '307', '308', '302', '302'],
    },
    {
      title: 'redirect with uri that starts with a prefix of the match, dots in the path',
      yaml: routes(`
- match: [{uri: {prefix: /from}}]
  redirect: {uri: /from/x}
- redirect: {authority: keep.test}`),
      requests: paths('/from/y', '/a/../from', '/a/./b/../c?x=/../y', '/%61'),
    },
  ],
};

export const DIRECT: CaseGroup = {
  title: 'direct responses',
  cases: [
    {
      title: 'directResponse with string, bytes and without body',
      yaml: routes(`
- match: [{uri: {exact: /s}}]
  directResponse: {status: 418, body: {string: "short and stout"}}
- match: [{uri: {exact: /b}}]
  directResponse: {status: 200, body: {bytes: aGVsbG8=}}
- match: [{uri: {exact: /none}}]
  directResponse: {status: 503}
- match: [{uri: {exact: /555}}]
  directResponse: {status: 555, body: {string: "ä"}}
- ${TO_V1}`),
      requests: [
        ...paths('/s', '/b', '/none', '/555'),
        { path: '/s', method: 'HEAD' },
        { path: '/s', method: 'POST', body: 100_000 },
      ],
      expect: ['418', '200', '503', '555', '418', '418'],
    },
    {
      title: 'directResponse with 204 and 304',
      yaml: routes(`
- match: [{uri: {exact: /204}}]
  directResponse: {status: 204}
- match: [{uri: {exact: /304}}]
  directResponse: {status: 304}
- directResponse: {status: 200}`),
      requests: paths('/204', '/304', '/'),
      expect: ['204', '304', '200'],
    },
  ],
};

function weighted(...weights: readonly number[]): string {
  return `- route:\n${weights
    .map((weight, at) => `  - {destination: {host: $host, subset: v${at + 1}}, weight: ${weight}}`)
    .join('\n')}`;
}

export const WEIGHTS: CaseGroup = {
  title: 'weighted destinations',
  cases: [
    {
      title: 'weights 90 and 10',
      yaml: routes(weighted(90, 10)),
      requests: [{ times: 1000 }],
      backends: 'distribution',
      shares: { b1: 90, b2: 10 },
    },
    {
      title: 'weights 1, 2 and 3 (their sum is not 100)',
      yaml: routes(weighted(1, 2, 3)),
      requests: [{ times: 1000 }],
      backends: 'distribution',
      shares: { b1: 1, b2: 2, b3: 3 },
    },
    {
      title: 'weight 0 gets nothing',
      yaml: routes(weighted(0, 1)),
      requests: [{ times: 50 }],
      expect: 'b2',
    },
    {
      title: 'a weighted destination that does not exist: its share fails',
      yaml: routes(`
- route:
  - {destination: {host: $host, subset: v1}, weight: 75}
  - {destination: {host: nowhere.$name.test}, weight: 25}`),
      requests: [{ times: 600 }],
      backends: 'distribution',
      shares: { b1: 75, '503': 25 },
    },
  ],
};
