import assert from 'node:assert/strict';
import type { PathMatch } from '../../../../src/model';
import { compilePathRewrite, parseSubstitution } from '../../../../src/routing/filter/rewrite';
import { compilePathMatch } from '../../../../src/routing/match/path';
import { RegexPool } from '../../../../src/routing/match/regex-pool';
import { matchInput } from '../../../support/http-head';

type Rule = Parameters<typeof compilePathRewrite>[0];

function rewritten(kind: PathMatch['kind'], value: string, rule: Rule, target: string): string | undefined {
  const input = matchInput(target);
  const matcher = compilePathMatch({ kind, value, caseSensitive: true }, new RegexPool());
  return compilePathRewrite(rule, matcher)?.rewrite(input.target, input.path);
}

describe('path rewrite', () => {
  it('on a prefix match replaces just the prefix: /api to / makes /api/x into //x', () => {
    assert.equal(rewritten('prefix', '/api', { prefixRewrite: '/' }, '/api/x'), '//x');
    assert.equal(rewritten('prefix', '/api', { prefixRewrite: '/v2' }, '/apix'), '/v2x');
  });
  it('on the prefix / replaces the slash', () => {
    assert.equal(rewritten('prefix', '/', { prefixRewrite: '/v2/' }, '/a?q=1'), '/v2/a?q=1');
  });
  it('on an exact match replaces the whole path', () => {
    assert.equal(rewritten('exact', '/api', { prefixRewrite: '/new' }, '/api?q=1'), '/new?q=1');
  });
  it('on a regex match replaces the whole path', () => {
    assert.equal(rewritten('regex', '/a[0-9]/.*', { prefixRewrite: '/new' }, '/a1/x?q'), '/new?q');
  });
  it('keeps the query', () => {
    assert.equal(rewritten('prefix', '/api', { prefixRewrite: '/b' }, '/api?x=/api'), '/b?x=/api');
  });
  it('uriRegexRewrite replaces all occurrences and knows groups', () => {
    const regexRewrite = { regex: '/([a-z])([0-9])', substitution: '/\\2-\\1' };
    assert.equal(rewritten('prefix', '/', { regexRewrite }, '/a1/b2/cc?x=/a1'), '/1-a/2-b/cc?x=/a1');
  });
  it('uriRegexRewrite without a match changes nothing', () => {
    const regexRewrite = { regex: '/nope', substitution: '/x' };
    assert.equal(rewritten('prefix', '/', { regexRewrite }, '/a?b'), '/a?b');
  });
  it('no rule, no rewrite', () => assert.equal(rewritten('prefix', '/', {}, '/a'), undefined));
  it('a group that the regex does not have throws when compiled', () => {
    assert.throws(() => rewritten('prefix', '/', { regexRewrite: { regex: 'a', substitution: '\\1' } }, '/'));
    assert.throws(() => rewritten('prefix', '/', { regexRewrite: { regex: '(', substitution: '' } }, '/'));
  });
});

describe('RE2 substitution', () => {
  it('knows groups and escaped backslashes', () => {
    assert.deepEqual(parseSubstitution('a\\1\\\\b\\0'), ['a', 1, '\\b', 0]);
    assert.deepEqual(parseSubstitution('$1'), ['$1']);
  });
  it('refuses other escapes', () => {
    assert.throws(() => parseSubstitution('\\n'));
    assert.throws(() => parseSubstitution('x\\'));
  });
});
