/**
 * One story for every client: new calls to the instances of its lists do not fail while some instance lives on either
 * side, whatever happens to lists, modes, servers and instances.
 */

import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AdsServer } from '../ads-server';
import { RegistryClient } from './client';
import type { TestRegistry } from './embedded';
import { Instance } from './instances';
import { meshOf } from './mesh-of';

const SERVICE = 'orders';
/** Loops that list and call; as many requests may be under way to an instance when that is killed. */
const LOOPS = 8;
/** Instances that are killed in the story. */
const KILLED = 2;

export interface LoadStory {
  /** As fixtures/registry-clients/clients.js names it. */
  readonly client: string;
  /** Where its package is. */
  readonly folder: string;
  readonly registry: TestRegistry;
  /** Of each kind, before the next thing happens. */
  readonly answers: number;
  readonly options?: object;
  /** False: the story ends when both are away. Nacos' client looks for its registry every ten seconds. */
  readonly returns?: boolean;
}

/** Gives how many calls were answered, and how many were on their way to an instance when that was killed. */
export async function underLoad(story: LoadStory): Promise<{ answered: number; inFlight: number }> {
  const { registry } = story;
  const started = await Promise.all(['legacy', 'a', 'b', 'second'].map((name) => Instance.start(name)));
  const [legacy, a, b, second] = started as [Instance, Instance, Instance, Instance];
  const ads = await new AdsServer().start();
  const folder = mkdtempSync(join(tmpdir(), 'inmesh-load-'));
  const file = join(folder, 'inmesh.json');
  const setMode = (mode: string) => {
    writeFileSync(`${file}.new`, JSON.stringify({ INMESH_REGISTRY_MODES: `*=${mode}` }));
    renameSync(`${file}.new`, file);
  };
  const inRegistry = (...instances: readonly Instance[]) => registry.set(SERVICE, instances);
  const inMesh = (...instances: readonly Instance[]) => ads.set(meshOf({ [SERVICE]: instances }));
  setMode('merge');
  await inRegistry(legacy);
  inMesh(a, b);
  const args = [story.client, story.folder, registry.address, JSON.stringify(story.options ?? {})];
  const env = { INMESH_XDS: ads.address, INMESH_FILE: file };
  const client = await RegistryClient.start('sample', { args, env });
  const answers = () => client.ask<Record<string, number>>({ do: 'answers' });
  const hears = (what: string, ...of: readonly Instance[]) => {
    const wanted = of.map(({ address }) => address).sort();
    const isIt = (heard: string[]) => [...heard].sort().join() === wanted.join();
    return client.untilHeard(what, isIt, 60_000);
  };
  /** So many more answers of each. */
  const more = async (what: string, ...of: readonly Instance[]) => {
    const before = await answers();
    const deadline = Date.now() + 60_000;
    for (;;) {
      const now = await answers();
      const count = ({ name }: Instance) => (now[`200 ${name}`] ?? 0) - (before[`200 ${name}`] ?? 0);
      if (of.every((each) => count(each) > story.answers)) return;
      assert.ok(Date.now() < deadline, `${what}: ${JSON.stringify(now)}`);
    }
  };
  const lists = async (what: string, ...of: readonly Instance[]) => {
    await hears(what, ...of);
    await more(what, ...of);
  };
  try {
    await client.ask({ do: 'follow', service: SERVICE });
    await hears('both sides at first', legacy, a, b);
    await client.ask({ do: 'load', service: SERVICE, loops: LOOPS });
    await lists('both sides', legacy, a, b);
    setMode('xds-first');
    await lists('the mesh alone', a, b);
    setMode('registry-first');
    await lists('the registry alone', legacy);
    setMode('merge');
    await lists('both sides again', legacy, a, b);
    inMesh(a);
    await lists('one of the mesh', legacy, a);
    inMesh();
    await lists('none of the mesh', legacy);
    inMesh(a, b);
    await lists('two of the mesh', legacy, a, b);
    await inRegistry(legacy, second);
    await lists('two of the registry', legacy, second, a, b);
    await inRegistry(legacy);
    await lists('one of the registry', legacy, a, b);
    await a.stop();
    await more('an instance that the mesh still has is dead', legacy, b);
    await legacy.stop();
    await more('one that the registry still has is dead too', b);
    await registry.down();
    await more('the registry is away', b);
    ads.stop();
    await more('both are away', b);
    if (story.returns !== false) {
      await registry.up();
      await inRegistry(second);
      await hears('the registry is back', second, a, b);
      await more('the registry is back', second, b);
      await ads.start();
      inMesh(b);
      await lists('both are back', second, b);
    }
    const all = await client.ask<Record<string, number>>({ do: 'settle' });
    // A request that was on its way to an instance when that was killed.
    const { ECONNRESET: inFlight = 0, ...others } = all;
    const failed = Object.keys(others).filter((answer) => !answer.startsWith('200 '));
    assert.deepEqual(failed, [], JSON.stringify(all));
    assert.ok(inFlight <= KILLED * LOOPS, JSON.stringify(all));
    return { answered: Object.values(others).reduce((sum, count) => sum + count, 0), inFlight };
  } finally {
    await client.stop();
    ads.stop();
    await registry.stop();
    rmSync(folder, { recursive: true, force: true });
    for (const instance of started) await instance.stop();
  }
}
