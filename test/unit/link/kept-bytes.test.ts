import assert from 'node:assert/strict';
import fc from 'fast-check';
import { KeptBytes, keptBytes } from '../../../src/link/worker/kept-bytes';

const KIB = 1024;

/** Resources of one response, as the decoder gives them: views of one buffer. */
function response(...sizes: number[]): Uint8Array[] {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const bytes = Buffer.from(new ArrayBuffer(total));
  let at = 0;
  return sizes.map((size, index) => {
    const part = bytes.subarray(at, at + size);
    part.fill(index + 1);
    at += size;
    return part;
  });
}

describe('kept bytes', () => {
  it('are those of a large response as it came, while most of it is in use', () => {
    const kept = new KeptBytes();
    const [a, b, c] = response(100 * KIB, 100 * KIB, 100 * KIB);
    kept.set('a', a!);
    kept.set('b', b!);
    kept.set('c', c!);
    kept.delete('a');
    kept.compact();
    assert.equal(kept.get('b')!.buffer, a!.buffer);
    kept.set('b', response(10)[0]!);
    kept.compact();
    assert.notEqual(kept.get('c')!.buffer, a!.buffer);
    assert.deepEqual([...kept.get('c')!], [...c!]);
  });

  it('are a copy of what is a small part of a response, or of a small one', () => {
    const kept = new KeptBytes();
    const [part] = response(10, 300 * KIB);
    kept.set('part', part!);
    kept.compact();
    assert.notEqual(kept.get('part')!.buffer, part!.buffer);
    const [small] = response(10);
    kept.set('small', small!);
    assert.notEqual(kept.get('small')!.buffer, small!.buffer);
    assert.equal(keptBytes(small!), small);
    assert.notEqual(keptBytes(part!).buffer, part!.buffer);
  });

  it('are what was set last, whatever came and went, and never hold much more than they are', () => {
    const step = fc.record({
      sizes: fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 90 * KIB }))),
      deleted: fc.array(fc.integer({ min: 0, max: 9 })),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 8 }), (steps) => {
        const kept = new KeptBytes();
        const model = new Map<string, string>();
        for (const { sizes, deleted } of steps) {
          const parts = response(...sizes.map(([, size]) => size));
          for (const [index, [name]] of sizes.entries()) {
            kept.set(String(name), parts[index]!);
            model.set(String(name), Buffer.from(parts[index]!).toString('latin1'));
          }
          for (const name of deleted) assert.equal(kept.delete(String(name)), model.delete(String(name)));
          kept.compact();
          assert.deepEqual([...kept.names()].sort(), [...model.keys()].sort());
          const used = new Map<ArrayBufferLike, number>();
          for (const [name, text] of model) {
            const bytes = kept.get(name)!;
            assert.equal(Buffer.from(bytes).toString('latin1'), text);
            used.set(bytes.buffer, (used.get(bytes.buffer) ?? 0) + bytes.byteLength);
          }
          for (const [buffer, length] of used)
            if (buffer.byteLength > 128 * KIB) assert.ok(length * 2 >= buffer.byteLength);
        }
      }),
      { seed: 7, numRuns: 200 },
    );
  });
});
