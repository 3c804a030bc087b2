import assert from 'node:assert/strict';
import type { QueryMatch } from '../../../../src/model';
import { compileQueryMatch, queryParameter } from '../../../../src/routing/match/query';
import { RegexPool } from '../../../../src/routing/match/regex-pool';

function takes(test: QueryMatch['test'], query: string): boolean {
  return compileQueryMatch({ name: 'v', test }, new RegexPool()).matches(query);
}
const exact2: QueryMatch['test'] = {
  kind: 'string',
  match: { kind: 'exact', value: '2', ignoreCase: false },
};

describe('query parameter match', () => {
  it('values are compared without percent-decoding', () => {
    assert.ok(takes(exact2, 'v=2'));
    assert.ok(!takes(exact2, 'v=%32'));
  });
  it('names are case-sensitive', () => assert.ok(!takes(exact2, 'V=2')));
  it('of repeated parameters the first counts', () => {
    assert.ok(takes(exact2, 'v=2&v=3'));
    assert.ok(!takes(exact2, 'v=3&v=2'));
  });
  it('present takes ?v and ?v=x', () => {
    const present: QueryMatch['test'] = { kind: 'present', present: true };
    assert.ok(
      takes(present, 'v') && takes(present, 'v=x') && takes(present, 'a=1&v=') && !takes(present, 'vv=1'),
    );
    assert.ok(!takes(present, ''));
    assert.ok(takes({ kind: 'present', present: false }, 'a=1'));
  });
  it('a missing parameter does not match', () => assert.ok(!takes(exact2, 'w=2')));
  it('a regex must match the whole value', () => {
    const regex: QueryMatch['test'] = {
      kind: 'string',
      match: { kind: 'regex', value: '[0-9]+', ignoreCase: false },
    };
    assert.ok(takes(regex, 'v=12'));
    assert.ok(!takes(regex, 'v=12a'));
  });
});

describe('queryParameter', () => {
  it('finds values anywhere in the query', () => {
    assert.equal(queryParameter('a=1&b=2=3&c', 'b'), '2=3');
    assert.equal(queryParameter('a=1&b=2&c', 'c'), '');
    assert.equal(queryParameter('ab=1', 'b'), undefined);
    assert.equal(queryParameter('&&b=1&&', 'b'), '1');
  });
});
