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
