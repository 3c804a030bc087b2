import assert from 'node:assert/strict';
import fc from 'fast-check';
import { buildHostIndex, HostIndex, NameTable } from '../../../src/model';

const names = fc.array(fc.tuple(fc.string({ maxLength: 3 }), fc.integer({ min: 0, max: 5 })), {
  maxLength: 400,
});

describe('tables of names', () => {
  it('a name table finds the first owner of a name, and nobody of another', () => {
    fc.assert(
      fc.property(names, fc.array(fc.string({ maxLength: 3 })), (entries, others) => {
        const table = new NameTable();
        for (const [name, owner] of entries) table.add(name, owner);
        const has = (name: string) => (owner: number) =>
          entries.some(([each, of]) => each === name && of === owner);
        const first = (name: string) => entries.find(([each]) => each === name)?.[1];
        for (const name of [...entries.map(([each]) => each), ...others])
          assert.equal(table.find(name, has(name)), first(name), name);
      }),
      { seed: 3, numRuns: 300 },
    );
  });

  it('ten thousand owners with six names each keep them', () => {
    const table = new NameTable();
    const count = 10_000;
    for (let owner = 0; owner < count; owner++)
      for (let i = 0; i < 6; i++) table.add(`service-${owner}.${i}.test`, owner);
    for (let owner = 0; owner < count; owner += 7) {
      const asked: number[] = [];
      const found = table.find(`service-${owner}.5.test`, (each) => {
        asked.push(each);
        return each === owner;
      });
      assert.equal(found, owner);
      assert.ok(asked.length < 3, `${asked.length} owners were asked`);
    }
  });

  it('a host index may hold each of its names, however often it is named', () => {
    fc.assert(
      fc.property(fc.array(fc.domain(), { maxLength: 200 }), (domains) => {
        const data = buildHostIndex([...domains, ...domains], false);
        const index = new HostIndex(data);
        for (const domain of domains) assert.ok(index.mayHold(domain));
        let taken = 0;
        for (let slot = 0; slot < data.slots.length; slot += 2) if (data.slots[slot] !== 0) taken++;
        assert.equal(taken, new Set(domains).size);
        assert.ok(taken * 4 <= data.slots.length);
      }),
      { seed: 5, numRuns: 100 },
    );
  });
});
