import assert from 'node:assert/strict';
import type { HeaderAppendAction, HeaderOperations } from '../../../../src/model';
import type { HeaderEdit } from '../../../../src/routing';
import {
  compileHeaderOperations,
  editLines,
  type HeaderSource,
  valueAfter,
} from '../../../../src/routing/filter/headers';

function option(name: string, value: string, action: HeaderAppendAction, keepEmptyValue = false) {
  return { name, value, action, keepEmptyValue };
}
function set(name: string, value: string): HeaderOperations {
  return { remove: [], add: [option(name, value, 'overwrite-if-exists-or-add')] };
}

function apply(levels: readonly HeaderOperations[], headers: Record<string, string> = {}): HeaderEdit[] {
  const edits: HeaderEdit[] = [];
  const source: HeaderSource = {
    has: (name) => name in headers,
    requestHeader: (name) => valueAfter(name, headers[name], edits),
    responseHeader: () => undefined,
    fact: () => undefined,
  };
  compileHeaderOperations(levels).apply(source, edits);
  return edits;
}

function result(levels: readonly HeaderOperations[], headers: Record<string, string> = {}): string[] {
  return editLines(Object.entries(headers), apply(levels, headers)).map(
    ([name, value]) => `${name}: ${value}`,
  );
}

describe('header operations', () => {
  it('add to an existing header makes two lines, the old one first', () => {
    const add = { remove: [], add: [option('x-a', 'two', 'append-if-exists-or-add')] };
    assert.deepEqual(result([add], { 'x-a': 'one' }), ['x-a: one', 'x-a: two']);
  });
  it('set replaces all lines', () => {
    assert.deepEqual(result([set('x-a', 'two')], { 'x-a': 'one' }), ['x-a: two']);
  });
  it('removes before it sets and adds', () => {
    const level = { remove: ['x-a', 'x-b'], add: [option('x-a', 'new', 'append-if-exists-or-add')] };
    assert.deepEqual(result([level], { 'x-a': 'old', 'x-b': 'old' }), ['x-a: new']);
  });
  it('of several weighted destinations the route wins over the destination: a later level overwrites', () => {
    assert.deepEqual(result([set('x-a', 'destination'), set('x-a', 'route')]), ['x-a: route']);
  });
  it('add-if-absent leaves an existing header', () => {
    const level = { remove: [], add: [option('x-a', 'new', 'add-if-absent')] };
    assert.deepEqual(result([level], { 'x-a': 'old' }), ['x-a: old']);
    assert.deepEqual(result([level]), ['x-a: new']);
  });
  it('add-if-absent sees what the level removed and an earlier level set', () => {
    const level = { remove: ['X-A'], add: [option('x-a', 'new', 'add-if-absent')] };
    assert.deepEqual(result([level], { 'x-a': 'old' }), ['x-a: new']);
    const absent = { remove: [], add: [option('x-a', 'second', 'add-if-absent')] };
    assert.deepEqual(result([set('x-a', 'first'), absent]), ['x-a: first']);
  });
  it('overwrite-if-exists does not add', () => {
    const level = { remove: [], add: [option('x-a', 'new', 'overwrite-if-exists')] };
    assert.deepEqual(result([level]), []);
    assert.deepEqual(result([level], { 'x-a': 'old' }), ['x-a: new']);
  });
  it('an operator without a value adds no header at all', () => {
    assert.deepEqual(result([set('x-a', '%REQ(x-none)%')]), []);
  });
  it('keep_empty_value keeps it', () => {
    const level = { remove: [], add: [option('x-a', '', 'overwrite-if-exists-or-add', true)] };
    assert.deepEqual(result([level]), ['x-a: ']);
  });
  it('operators see the header as earlier levels left it', () => {
    assert.deepEqual(result([set('x-a', '1'), set('x-b', '<%REQ(x-a)%>')], { 'x-a': '0' }), [
      'x-a: 1',
      'x-b: <1>',
    ]);
  });
  it('Host and pseudo headers are never touched', () => {
    assert.deepEqual(
      apply([{ remove: ['Host', ':path'], add: [option(':method', 'x', 'add-if-absent')] }]),
      [],
    );
  });
  it('what does not depend on the message is made once', () => {
    const program = compileHeaderOperations([set('x-a', '1'), set('x-b', '2')]);
    assert.equal(program.constant?.length, 2);
    assert.equal(compileHeaderOperations([set('x-a', '%REQ(x)%')]).constant, undefined);
    assert.deepEqual(compileHeaderOperations([]).constant, []);
  });
});
