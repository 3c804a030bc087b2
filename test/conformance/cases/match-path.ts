/** envoy.md §2 and §4: which route takes a request. */

import type { CaseGroup } from '../bed';
import { everything, matching, paths, routes, TO_V1, TO_V2, TO_V3 } from './base';

export const MATCH_PATH: CaseGroup = {
  title: 'matching paths',
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
  ],
};
