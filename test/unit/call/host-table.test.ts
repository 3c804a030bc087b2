import assert from 'node:assert/strict';
import { HostEntry, NOT_OURS } from '../../../src/call/host-entry';
import { HostTable } from '../../../src/call/host-table';

describe('remembered spellings', () => {
  it('those not asked for through 10,000 others are forgotten, those in use stay', () => {
    const table = new HostTable('http', 80);
    const ours = new HostEntry('http', 'reviews', 80);
    table.remember('Reviews', ours);
    table.remember('rare', NOT_OURS);
    for (let i = 0; i < 20_000; i++) {
      table.remember(`h${i}`, NOT_OURS);
      assert.equal(table.cached('Reviews'), ours);
    }
    assert.equal(table.cached('rare'), undefined);
    assert.equal(table.cached('h0'), undefined);
    assert.equal(table.cached('h15000'), NOT_OURS);
  });
  it('are all forgotten when the index changes', () => {
    const table = new HostTable('http', 80);
    table.remember('a', NOT_OURS);
    table.forgetSpellings();
    assert.equal(table.cached('a'), undefined);
  });
});

describe('hosts asked for', () => {
  it('of a crawler only so many strangers are kept, what is ours stays', () => {
    const table = new HostTable('https', 443);
    const ours = table.create('reviews');
    ours.ownership = 'ours';
    for (let i = 0; i < 30_000; i++) table.create(`h${i}`).ownership = 'not-ours';
    assert.equal([...table.entries()].length, 21_000);
    assert.equal(table.get('reviews'), ours);
    assert.equal(table.get('h0'), undefined);
  });
  it('one dropped and told of later is found under spellings used before', () => {
    const table = new HostTable('https', 443);
    table.remember('Shop', table.create('shop'));
    table.createLate('late');
    assert.equal(table.cached('Shop'), undefined);
  });
});
