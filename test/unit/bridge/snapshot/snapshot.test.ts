import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { readSnapshot, SnapshotKeeper, writeSnapshot } from '../../../../src/bridge/snapshot';
import { jsonChunks } from '../../../../src/bridge/snapshot/json-chunks';

const MAX = 1 << 24;

describe('bridge: the snapshot on disk', () => {
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'inmesh-snapshot-'));
    file = join(folder, 'below', 'state.json');
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('JSON in pieces is what JSON.stringify gives', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        assert.deepEqual(JSON.parse([...jsonChunks(value)].join('')), JSON.parse(JSON.stringify(value)));
      }),
      { numRuns: 300, seed: 3 },
    );
    assert.equal([...jsonChunks({ a: undefined, b: [undefined, 1] })].join(''), '{"b":[null,1]}');
    const big = {
      sources: [{ services: Array.from({ length: 5_000 }, (_, i) => ({ i, text: 'x'.repeat(200) })) }],
    };
    const chunks = [...jsonChunks(big)];
    assert.ok(chunks.length > 3 && Math.max(...chunks.map(({ length }) => length)) < 300_000);
    assert.equal(chunks.join(''), JSON.stringify(big));
  });

  it('what was written is read, with its time; nothing else is left in the folder', async () => {
    const bytes = await writeSnapshot(file, { a: [1, 'zwei'] }, MAX, 1_700_000_000_000);
    assert.deepEqual(await readSnapshot(file, MAX), {
      kind: 'read',
      value: { a: [1, 'zwei'] },
      writtenAt: 1_700_000_000_000,
      bytes,
    });
    assert.deepEqual(await readdir(join(folder, 'below')), ['state.json']);
  });

  it('no file is no mistake; one that is damaged is told in a sentence and never read', async () => {
    assert.deepEqual(await readSnapshot(file, MAX), { kind: 'none' });
    await writeSnapshot(file, { a: 'x'.repeat(2_000) }, MAX, 0);
    const whole = await readFile(file);
    const reasonOf = async () => {
      const found = await readSnapshot(file, MAX);
      return found.kind === 'unusable' ? found.reason : found.kind;
    };
    const damaged = Buffer.from(whole);
    damaged[100] = 0x79;
    await writeFile(file, damaged);
    assert.equal(await reasonOf(), `the snapshot ${file} cannot be used: its checksum is wrong`);
    for (const length of [0, 1, 500, whole.length - 200, whole.length - 40, whole.length - 2]) {
      await writeFile(file, whole);
      await truncate(file, length);
      assert.match(await reasonOf(), /^the snapshot .* cannot be used: /, `${length}`);
    }
    await writeFile(file, whole);
    const small = await readSnapshot(file, 1_000);
    assert.match(small.kind === 'unusable' ? small.reason : '', /more than snapshot\.maxBytes \(1000\)/);
  });

  it('what is too large is not written, and the file from before stays', async () => {
    await writeSnapshot(file, 'small', MAX, 1);
    const refused = new RegExp('^Error: cannot write the snapshot .*: it is larger than snapshot\\.maxBytes');
    await assert.rejects(writeSnapshot(file, ['x'.repeat(5_000)], 4_000, 2), refused);
    assert.equal(((await readSnapshot(file, MAX)) as { value?: unknown }).value, 'small');
    assert.deepEqual(await readdir(join(folder, 'below')), ['state.json']);
  });

  it('changes that come together are written together; stop writes the last', async () => {
    const state = { value: 0 };
    const written: number[] = [];
    let told: () => void = () => undefined;
    const first = new Promise<void>((resolve) => {
      told = resolve;
    });
    const keeper = new SnapshotKeeper({ file, debounceMs: 5, maxBytes: MAX }, () => ({ ...state }), {
      written: (bytes) => {
        written.push(bytes);
        told();
      },
      failed: (reason) => assert.fail(reason),
    });
    for (let i = 1; i <= 100; i++) {
      state.value = i;
      keeper.changed();
    }
    await first;
    assert.equal(written.length, 1);
    state.value = 101;
    keeper.changed();
    await keeper.stop();
    assert.deepEqual(((await readSnapshot(file, MAX)) as { value?: unknown }).value, { value: 101 });
    assert.ok(written.length <= 3);
  });

  it('a disk that refuses is told once, not at every try', async () => {
    await writeFile(join(folder, 'plain'), '');
    const failures: string[] = [];
    const config = { file: join(folder, 'plain', 'state.json'), debounceMs: 0, maxBytes: MAX };
    const keeper = new SnapshotKeeper(config, () => 1, {
      written: () => assert.fail('written'),
      failed: (reason) => failures.push(reason),
    });
    for (let i = 0; i < 3; i++) {
      keeper.changed();
      await keeper.stop();
    }
    assert.equal(failures.length, 1);
    assert.match(failures[0]!, /^cannot write the snapshot .*: (ENOTDIR|EEXIST)/);
  });
});
