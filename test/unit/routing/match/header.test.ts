import assert from 'node:assert/strict';
import type { HeaderMatch, HeaderTest } from '../../../../src/model';
import { compileHeaderMatch } from '../../../../src/routing/match/header';
import { RegexPool } from '../../../../src/routing/match/regex-pool';
import { matchInput } from '../../../support/http-head';

type Lines = string | readonly string[] | undefined;

function takes(test: HeaderTest, lines: Lines, changes: Partial<HeaderMatch> = {}): boolean {
  const match = { name: 'x-h', test, invert: false, treatMissingAsEmpty: false, ...changes };
  return compileHeaderMatch(match, new RegexPool()).matches(lines);
}

function text(
  kind: 'exact' | 'prefix' | 'suffix' | 'contains' | 'regex',
  value: string,
  ignoreCase = false,
): HeaderTest {
  return { kind: 'string', match: { kind, value, ignoreCase } };
}

describe('header match', () => {
  it('exact, prefix, suffix, contains', () => {
    assert.ok(takes(text('exact', 'abc'), 'abc') && !takes(text('exact', 'abc'), 'abcd'));
    assert.ok(takes(text('prefix', 'ab'), 'abc') && !takes(text('prefix', 'bc'), 'abc'));
    assert.ok(takes(text('suffix', 'bc'), 'abc') && !takes(text('suffix', 'ab'), 'abc'));
    assert.ok(takes(text('contains', 'b'), 'abc') && !takes(text('contains', 'x'), 'abc'));
  });
  it('ignore_case compares without case', () => assert.ok(takes(text('exact', 'aBc', true), 'AbC')));
  it('a regex must match the whole value', () => {
    assert.ok(takes(text('regex', 'a+'), 'aa'));
    assert.ok(!takes(text('regex', 'a+'), 'aab'));
  });
  it('several lines of one name are looked at one by one', () => {
    assert.ok(takes(text('exact', 'b'), ['a', 'b']));
    assert.ok(!takes(text('exact', 'a,b'), ['a', 'b']));
    assert.ok(!takes(text('regex', 'a,.*'), ['a', 'b']));
    assert.ok(takes(text('regex', 'a,.*'), 'a,b'));
  });
  it('for an inverted match no line may match', () => {
    assert.ok(!takes(text('exact', 'b'), ['a', 'b'], { invert: true }));
    assert.ok(takes(text('exact', 'c'), ['a', 'b'], { invert: true }));
  });
  it('a missing header does not match, inverted or not', () => {
    assert.ok(!takes(text('exact', ''), undefined));
    assert.ok(!takes(text('exact', 'a'), undefined, { invert: true }));
  });
  it('withoutHeaders exact: a missing header matches', () => {
    const without = { invert: true, treatMissingAsEmpty: true };
    assert.ok(takes(text('exact', 'a'), undefined, without));
    assert.ok(takes(text('exact', 'a'), 'b', without));
    assert.ok(!takes(text('exact', 'a'), 'a', without));
  });
  it('present_match: an empty value counts as present', () => {
    const present: HeaderTest = { kind: 'present', present: true };
    assert.ok(
      takes(present, '') && takes(present, 'x') && takes(present, ['x']) && !takes(present, undefined),
    );
    assert.ok(takes(present, undefined, { invert: true }) && !takes(present, '', { invert: true }));
  });
  it('present_match false wants the header absent', () => {
    assert.ok(takes({ kind: 'present', present: false }, undefined));
    assert.ok(!takes({ kind: 'present', present: false }, 'x'));
  });
  it('range is an integer in [start, end)', () => {
    const range: HeaderTest = { kind: 'range', start: -3, end: 10 };
    for (const value of ['-3', '0', '9']) assert.ok(takes(range, value), value);
    for (const value of ['10', '-4', '1.5', 'x', '', '1x', '0x1']) assert.ok(!takes(range, value), value);
    assert.ok(!takes(range, undefined));
  });
  it('an unknown kind throws when compiled', () => {
    assert.throws(() => takes({ kind: 'nope' } as never, 'x'));
  });
});

describe('pseudo headers', () => {
  const input = matchInput('/a/../b?q', { method: 'POST', authority: 'Reviews:80', headers: { 'x-h': 'v' } });
  it(':authority is the raw value, case-sensitive and with the port', () => {
    assert.equal(input.header(':authority'), 'Reviews:80');
    assert.equal(input.header('host'), 'Reviews:80');
  });
  it(':method, :scheme and the normalised :path', () => {
    assert.equal(input.header(':method'), 'POST');
    assert.equal(input.header(':scheme'), 'http');
    assert.equal(input.header(':path'), '/b?q');
    assert.equal(input.header(':other'), undefined);
  });
  it('other names are the request lines', () => assert.equal(input.header('x-h'), 'v'));
});
