import assert from 'node:assert/strict';
import type { PathMatch } from '../../../../src/model';
import { compilePathMatch } from '../../../../src/routing/match/path';
import { RegexPool } from '../../../../src/routing/match/regex-pool';

function takes(kind: PathMatch['kind'], value: string, path: string, caseSensitive = true): boolean {
  return compilePathMatch({ kind, value, caseSensitive }, new RegexPool()).matches(path);
}

describe('path match', () => {
  it('exact takes the path and nothing else', () => {
    assert.ok(takes('exact', '/api', '/api'));
    assert.ok(!takes('exact', '/api', '/api/'));
    assert.ok(!takes('exact', '/api', '/API'));
  });
  it('prefix is a plain prefix: /api takes /apix', () => {
    assert.ok(takes('prefix', '/api', '/apix'));
    assert.ok(!takes('prefix', '/api', '/ap'));
  });
  it('prefix / takes everything, also *', () => {
    assert.ok(takes('prefix', '/', '/x') && takes('prefix', '/', '*'));
  });
  it('path-separated prefix takes whole segments', () => {
    assert.ok(takes('path-separated-prefix', '/api', '/api'));
    assert.ok(takes('path-separated-prefix', '/api', '/api/x'));
    assert.ok(!takes('path-separated-prefix', '/api', '/apix'));
  });
  it('ignoreUriCase compares without case', () => {
    assert.ok(takes('exact', '/Api', '/aPI', false));
    assert.ok(takes('prefix', '/Api', '/aPIx', false));
    assert.ok(takes('path-separated-prefix', '/Api', '/aPI/x', false));
  });
  it('a regex must match the whole path', () => {
    assert.ok(takes('regex', '/v[0-9]+', '/v12'));
    assert.ok(!takes('regex', '/v[0-9]+', '/v12/x'));
    assert.ok(!takes('regex', '/v[0-9]+', '/x/v12'));
  });
  it('(?i) works', () => assert.ok(takes('regex', '(?i)/API/.+', '/api/x')));
  it('a regex that RE2 refuses throws when compiled, not when asked', () => {
    assert.throws(() => takes('regex', '(?=x)', '/'));
    assert.throws(() => takes('regex', '(', '/'));
  });
  it('an unknown kind throws when compiled', () => {
    assert.throws(() => takes('nope' as never, '/', '/'));
  });
});
