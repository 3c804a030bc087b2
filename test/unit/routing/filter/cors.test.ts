import assert from 'node:assert/strict';
import type { CorsPolicy } from '../../../../src/model';
import { Cors } from '../../../../src/routing/filter/cors';
import { RegexPool } from '../../../../src/routing/match/regex-pool';
import { type HeadChanges, matchInput } from '../../../support/http-head';

const POLICY: CorsPolicy = {
  allowOrigins: [
    { kind: 'exact', value: 'https://a.test', ignoreCase: false },
    { kind: 'regex', value: 'https://[a-z]+\\.b\\.test', ignoreCase: false },
  ],
  allowMethods: 'GET,POST',
  allowHeaders: 'x-a,x-b',
  exposeHeaders: 'x-c',
  maxAge: '86400',
  allowCredentials: true,
  forwardNotMatchingPreflights: true,
};
function cors(changes: Partial<CorsPolicy> = {}): Cors {
  return new Cors({ ...POLICY, ...changes }, new RegexPool());
}
function preflight(origin: string, changes: HeadChanges = {}) {
  const headers = { origin, 'access-control-request-method': 'POST' };
  return matchInput('/', { method: 'OPTIONS', headers, ...changes });
}

describe('CORS preflight', () => {
  it('of an allowed origin is answered with all that the policy says', () => {
    assert.deepEqual(cors().preflight(preflight('https://a.test')), [
      ['access-control-allow-origin', 'https://a.test'],
      ['access-control-allow-credentials', 'true'],
      ['access-control-allow-methods', 'GET,POST'],
      ['access-control-allow-headers', 'x-a,x-b'],
      ['access-control-expose-headers', 'x-c'],
      ['access-control-max-age', '86400'],
    ]);
  });
  it('a regex must match the whole origin', () => {
    assert.ok(cors().preflight(preflight('https://x.b.test')));
    assert.equal(cors().preflight(preflight('https://x.b.test.evil')), undefined);
  });
  it('of another origin is forwarded to the backend by default', () => {
    assert.equal(cors().preflight(preflight('https://other.test')), undefined);
  });
  it('of another origin with IGNORE: 200 with all but the origin (test/conformance: filters)', () => {
    const lines = cors({ forwardNotMatchingPreflights: false }).preflight(preflight('https://other.test'));
    const names = lines?.map(([name]) => name);
    assert.ok(names?.includes('access-control-allow-methods'));
    assert.ok(!names?.includes('access-control-allow-origin'));
    assert.ok(names?.includes('access-control-allow-credentials'));
  });
  it('needs OPTIONS, an origin and a requested method', () => {
    const all = cors();
    assert.equal(all.preflight(preflight('https://a.test', { method: 'GET' })), undefined);
    assert.equal(all.preflight(preflight('')), undefined);
    assert.equal(all.preflight(preflight('', { headers: { origin: 'https://a.test' } })), undefined);
  });
  it('says nothing that the policy leaves empty', () => {
    const little = {
      allowMethods: '',
      allowHeaders: '',
      exposeHeaders: '',
      maxAge: '',
      allowCredentials: false,
    };
    assert.deepEqual(cors(little).preflight(preflight('https://a.test')), [
      ['access-control-allow-origin', 'https://a.test'],
    ]);
  });
});

describe('CORS actual request', () => {
  const edits = (origin?: string) =>
    cors()
      .responseEdits(matchInput('/', { headers: origin === undefined ? {} : { origin } }))
      .map(({ op, name, value }) => `${op} ${name}: ${value}`);
  it('of an allowed origin: allow-origin, allow-credentials, expose-headers', () => {
    assert.deepEqual(edits('https://a.test'), [
      'set access-control-allow-origin: https://a.test',
      'set access-control-allow-credentials: true',
      'set access-control-expose-headers: x-c',
    ]);
  });
  it('of another origin, or of none: nothing', () => {
    assert.deepEqual([edits('https://other.test'), edits()], [[], []]);
  });
});
