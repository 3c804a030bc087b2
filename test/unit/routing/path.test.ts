import assert from 'node:assert/strict';
import fc from 'fast-check';
import { normalizePath, splitAbsoluteForm } from '../../../src/routing';

describe('normalizePath', () => {
  const cases: [string, string, string][] = [
    ['resolves parent segments', '/x/../api/a', '/api/a'],
    ['resolves current segments', '/./api', '/api'],
    ['counts %2e%2e as ..', '/x/%2e%2e/api', '/api'],
    ['counts %2E as .', '/%2E/api', '/api'],
    ['decodes unreserved escapes', '/%61pi/e', '/api/e'],
    ['keeps //', '/a//b', '/a//b'],
    ['keeps %2f as it is', '/a%2fb%2Fc', '/a%2fb%2Fc'],
    ['keeps other escapes', '/a%20b/%C3%A4', '/a%20b/%C3%A4'],
    ['leaves the query untouched', '/x/../a?b=/../%61', '/a?b=/../%61'],
    ['never leaves the root', '/a/b/../../../../c', '/c'],
    ['keeps the slash of a last ..', '/a/b/..', '/a/'],
    ['keeps the slash of a last .', '/a/.', '/a/'],
    ['takes a backslash for a slash', '/a/..\\c', '/c'],
    ['keeps names that begin with a dot', '/.well-known/x', '/.well-known/x'],
    ['leaves broken escapes alone', '/a/%zz%', '/a/%zz%'],
    ['leaves the asterisk form alone', '*', '*'],
  ];
  for (const [name, path, expected] of cases) {
    it(`${name}: ${path}`, () => assert.equal(normalizePath(path), expected));
  }

  it('never throws and is stable: a second time changes nothing', () => {
    const segment = fc.constantFrom('a', '.', '..', '%2e', '%2E%2e', '', '%61', '%25', '%', '\\', '?', 'b c');
    fc.assert(
      fc.property(fc.array(segment), (segments) => {
        const once = normalizePath(`/${segments.join('/')}`);
        const path = once.split('?')[0] as string;
        assert.ok(path.startsWith('/'));
        assert.ok(!path.split('/').includes('..'));
        assert.equal(normalizePath(once), once);
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});

describe('splitAbsoluteForm', () => {
  it('takes host and path of an absolute-form target', () => {
    assert.deepEqual(splitAbsoluteForm('http://a.b:81/x?y'), { authority: 'a.b:81', target: '/x?y' });
  });
  it('gives an empty path a slash', () => {
    assert.deepEqual(splitAbsoluteForm('HTTP://a?b'), { authority: 'a', target: '/?b' });
  });
  it('leaves all other forms', () => {
    for (const target of ['/http://a/', '*', 'a.b:443', ''])
      assert.equal(splitAbsoluteForm(target), undefined);
  });
});
