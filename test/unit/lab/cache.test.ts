import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { cached, cleanEnvironment, coldInstalls, recipeKey } from '../../../lab';

describe('lab: the cache', () => {
  let root: string;
  const before = process.env['INMESH_LAB_CACHE'];

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'inmesh-cache-'));
    process.env['INMESH_LAB_CACHE'] = root;
  });

  afterEach(() => {
    if (before === undefined) delete process.env['INMESH_LAB_CACHE'];
    else process.env['INMESH_LAB_CACHE'] = before;
    rmSync(root, { recursive: true });
    // These are not what a person means by cold.
    coldInstalls.length = 0;
  });

  it('builds once, however many ask at the same time', async () => {
    let builds = 0;
    const build = async (folder: string) => {
      builds++;
      await pause(20);
      writeFileSync(join(folder, 'thing'), 'complete');
    };
    const paths = await Promise.all(Array.from({ length: 5 }, () => cached('thing-1', build)));
    assert.equal(builds, 1);
    for (const path of paths) assert.equal(readFileSync(join(path, 'thing'), 'utf8'), 'complete');
    assert.deepEqual(readdirSync(root), ['thing-1']);
  });

  it('a build that fails leaves nothing, and the next one may succeed', async () => {
    const fails = async (folder: string) => {
      writeFileSync(join(folder, 'half'), '');
      throw new Error('no network');
    };
    await assert.rejects(cached('thing-2', fails), /no network/);
    assert.deepEqual(readdirSync(root), []);
    assert.ok(existsSync(await cached('thing-2', async () => undefined)));
  });

  it('the lock and the leftovers of a killed run do not stop the next', async () => {
    const { pid } = spawnSync(process.execPath, ['-e', '0'], { env: cleanEnvironment() });
    mkdirSync(join(root, 'thing-3.lock'));
    writeFileSync(join(root, 'thing-3.lock', 'pid'), String(pid));
    mkdirSync(join(root, '.unfinished-thing-3-abc'));
    await cached('thing-3', async () => undefined);
    assert.deepEqual(readdirSync(root), ['thing-3']);
  });

  it('the key tells apart whatever differs, also where one part ends', () => {
    const keys = [recipeKey('a', 'bc'), recipeKey('ab', 'c'), recipeKey('abc'), recipeKey('a', 'b', 'c')];
    assert.equal(new Set(keys).size, keys.length);
    assert.equal(recipeKey('a', 'bc'), keys[0]);
  });
});
