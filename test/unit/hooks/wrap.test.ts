import { strict as assert } from 'node:assert';
import { replace } from '../../../hooks/http/wrap';

describe('patching an exported function', () => {
  it('keeps name, length, own properties and the descriptor', () => {
    const mark = Symbol('mark');
    const original = Object.assign((_a: number, _b: number) => 1, { extra: { a: 1 }, [mark]: true });
    Object.defineProperty(original, 'name', { value: 'request' });
    const holder = Object.defineProperty({} as { request: typeof original }, 'request', {
      value: original,
      writable: true,
      enumerable: true,
      configurable: true,
    });
    const wrapper = (() => 2) as unknown as typeof original;
    replace(holder, 'request', wrapper);
    assert.equal(holder.request, wrapper);
    assert.equal(holder.request.name, 'request');
    assert.equal(holder.request.length, 2);
    assert.equal(holder.request.extra, original.extra);
    assert.equal(holder.request[mark], true);
    assert.deepEqual(Object.getOwnPropertyDescriptor(holder, 'request')!.enumerable, true);
  });
});
