import { strict as assert } from 'node:assert';
import * as fc from 'fast-check';
import { type HeadSource, parseHead, renderHead } from '../../../hooks/http/head';
import type { HeaderEdit } from '../../../src/call';

const HEAD =
  'GET /a?b HTTP/1.1\r\nX-One: 1\r\nHost: svc.test\r\nx-list: a\r\nX-List: b\r\nConnection: keep-alive\r\n\r\n';

function source(head: string, hopByHop = false): HeadSource {
  const lines = parseHead(head);
  return { method: 'GET', ownPath: '/a?b', hopByHop, lacks: (name) => !lines.has(name) };
}

function render(
  edits: readonly HeaderEdit[],
  more: { path?: string; authority?: string; head?: string; hop?: boolean } = {},
) {
  const head = more.head ?? HEAD;
  return renderHead(head, source(head, more.hop), {
    path: more.path ?? '/a?b',
    authority: more.authority,
    edits,
  });
}

describe('the request head of an attempt', () => {
  it('nothing to change leaves the bytes', () => {
    assert.equal(render([]), HEAD);
  });

  it('new lines come last, the path is replaced', () => {
    const edits: HeaderEdit[] = [
      { op: 'set', name: 'x-request-id', value: 'r' },
      { op: 'add', name: 'x-two', value: '2' },
    ];
    assert.equal(
      render(edits, { path: '/new' }),
      `${HEAD.replace('/a?b', '/new').slice(0, -2)}x-request-id: r\r\nx-two: 2\r\n\r\n`,
    );
  });

  it('set replaces in place with the application’s case, and all lines of the name become one', () => {
    const text = render([{ op: 'set', name: 'x-list', value: 'c' }]);
    assert.match(text, /x-list: c\r\nConnection/);
    assert.equal(text.match(/x-list/gi)!.length, 1);
    assert.match(render([{ op: 'set', name: 'x-one', value: '2' }]), /\r\nX-One: 2\r\n/);
  });

  it('add keeps what is there; remove takes every line of the name', () => {
    assert.equal(render([{ op: 'add', name: 'x-list', value: 'c' }]).match(/x-list/gi)!.length, 3);
    assert.doesNotMatch(render([{ op: 'remove', name: 'x-list' }]), /x-list/i);
    assert.equal(render([{ op: 'remove', name: 'x-absent' }]), HEAD);
  });

  it('a set after an edit of the same new name replaces it', () => {
    const text = render([
      { op: 'set', name: 'x-new', value: '1' },
      { op: 'set', name: 'x-new', value: '2' },
    ]);
    assert.match(text, /x-new: 2\r\n/);
    assert.equal(text.match(/x-new/g)!.length, 1);
  });

  it('the Host line is replaced for a rewritten authority, made where there is none', () => {
    assert.match(render([], { authority: 'other.test' }), /\r\nHost: other\.test\r\n/);
    const bare = 'GET /a?b HTTP/1.1\r\nConnection: keep-alive\r\n\r\n';
    assert.match(render([], { authority: 'other.test', head: bare }), /\r\nHost: other\.test\r\n\r\n$/);
  });

  it('framing is not for rules', () => {
    for (const name of ['content-length', 'Transfer-Encoding', 'connection']) {
      assert.equal(render([{ op: 'set', name, value: '0' }]), HEAD);
      assert.equal(render([{ op: 'remove', name }]), HEAD);
    }
  });

  it('the application’s connection header is hop-by-hop; an upgrade passes', () => {
    const close = HEAD.replace('keep-alive', 'close');
    assert.match(render([], { head: close, hop: true }), /\r\nConnection: keep-alive\r\n\r\n$/);
    const upgrade = HEAD.replace('keep-alive', 'Upgrade');
    assert.match(render([], { head: upgrade, hop: true }), /Connection: Upgrade/);
  });

  it('no value ever ends a line', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (name, value, path) => {
        const text = render([{ op: 'set', name: name || 'x', value }], { path, authority: value });
        const lines = text.slice(0, -4).split('\r\n');
        assert.ok(lines.length <= 8);
        assert.ok(text.endsWith('\r\n\r\n'));
      }),
    );
  });
});
