import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { readSnapshot, type Snapshot, writeSnapshot } from '../../../src/link/worker/snapshot-file';
import { buildHostIndex, HostIndex } from '../../../src/model';

const snapshot: Snapshot = {
  identity: 'me',
  savedAt: 1,
  clusters: [{ name: 'c', bytes: Buffer.from('cluster') }],
  assignments: [],
  routes: [
    {
      port: 80,
      index: buildHostIndex(['a.test', '*.b.test'], false),
      virtualHosts: [{ name: 'v', bytes: Buffer.from('host') }],
    },
  ],
};

describe('link snapshot file', () => {
  let folder: string;
  let file: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'inmesh-file-'));
    file = join(folder, 'deep', 'a.snapshot');
  });
  after(() => rmSync(folder, { recursive: true }));

  it('comes back as it was written, alone in its folder and readable by its owner only', () => {
    writeSnapshot(file, snapshot);
    const read = readSnapshot(file)!;
    assert.deepEqual([read.identity, read.savedAt, read.assignments], ['me', 1, []]);
    assert.equal(Buffer.from(read.clusters[0]!.bytes).toString(), 'cluster');
    assert.equal(Buffer.from(read.routes[0]!.virtualHosts[0]!.bytes).toString(), 'host');
    const index = new HostIndex(read.routes[0]!.index);
    assert.deepEqual(
      ['a.test', 'x.b.test', 'z'].map((host) => index.mayHold(host)),
      [true, true, false],
    );
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.deepEqual(readdirSync(join(folder, 'deep')), ['a.snapshot']);
  });

  it('no file is no snapshot', () => {
    assert.equal(readSnapshot(join(folder, 'none')), undefined);
  });

  it('every changed or missing byte is noticed', () => {
    writeSnapshot(file, snapshot);
    const good = readFileSync(file);
    fc.assert(
      fc.property(
        fc.nat(good.length - 1),
        fc.integer({ min: 1, max: 255 }),
        fc.boolean(),
        (at, flip, cut) => {
          const bytes = Buffer.from(cut ? good.subarray(0, at) : good);
          if (!cut) bytes[at] = bytes[at]! ^ flip;
          writeFileSync(file, bytes);
          assert.throws(() => readSnapshot(file));
        },
      ),
      { numRuns: 200, seed: 5 },
    );
  });

  it('more than 32 MiB is not written', () => {
    const huge = { ...snapshot, clusters: [{ name: 'c', bytes: Buffer.alloc(33 * 1024 * 1024) }] };
    assert.throws(() => writeSnapshot(join(folder, 'huge'), huge), /more than/);
    assert.equal(readSnapshot(join(folder, 'huge')), undefined);
  });
});
