/**
 * What a client says to its registry when its hook is off, or its version is none of the supported ones, beside what
 * it says without the agent: the same; and one line says that the mesh is not seen.
 */

import assert from 'node:assert/strict';
import { AdsServer } from '../ads-server';
import { drill } from '../peer';
import { RegistryClient } from './client';
import type { TestRegistry } from './embedded';
import { Instance } from './instances';
import { meshOf } from './mesh-of';
import type { Recorder } from './recorder';
import { renumbered } from './renumbered';

const SERVICE = 'orders';

export interface WireStory {
  /** As fixtures/registry-clients/clients.js names it. */
  readonly client: string;
  /** As INMESH_HOOKS_OFF names it. */
  readonly hook: string;
  /** Where its package is. */
  readonly folder: string;
  /** The package that is hooked, and what else is needed of it; and a version that is not supported. */
  readonly packages: readonly string[];
  readonly unsupported: string;
  readonly options?: object;
  start(): Promise<TestRegistry>;
  record(registry: string): Promise<Recorder>;
  /** What comes by the clock: heartbeats and polls. Once is as good as often. */
  readonly periodic?: RegExp;
  /** Of what is periodic, what comes only after ten seconds and more: waited for in full drills. */
  readonly late?: RegExp;
}

interface Heard {
  readonly said: readonly string[];
  readonly lists: readonly unknown[];
  readonly lines: readonly string[];
}

export async function sameOnTheWire(story: WireStory): Promise<void> {
  const { hook, unsupported } = story;
  const copy = renumbered(story.folder, unsupported, story.packages);
  try {
    const [bare, off, other] = await Promise.all([
      hear(story, story.folder, {}, false),
      hear(story, story.folder, { INMESH_HOOKS_OFF: hook }),
      hear(story, copy.folder, copy.env),
    ]);
    assert.ok(bare.said.length > 3, bare.said.join('\n'));
    assert.deepEqual(off.said, bare.said, 'the hook is off');
    assert.deepEqual(other.said, bare.said, 'an unsupported version');
    assert.deepEqual([off.lists, other.lists], [bare.lists, bare.lists]);
    const about = ({ lines }: Heard) => lines.filter((line) => /hook|lists of instances/.test(line));
    assert.equal(about(off).length, 1, off.lines.join('\n'));
    assert.match(about(off)[0]!, new RegExp(`The ${hook} hook is off \\(INMESH_HOOKS_OFF\\)`));
    assert.equal(about(other).length, 1, other.lines.join('\n'));
    assert.match(
      about(other)[0]!,
      new RegExp(`${story.packages[0]} ${unsupported.replaceAll('.', '\\.')} is not one of the supported`),
    );
  } finally {
    copy.remove();
  }
}

async function hear(
  story: WireStory,
  folder: string,
  env: Readonly<Record<string, string>>,
  preload = true,
): Promise<Heard> {
  const started = await Promise.all(['legacy', 'a', 'b'].map((name) => Instance.start(name)));
  const [legacy, a, b] = started as [Instance, Instance, Instance];
  const names = new Map(started.map(({ address, name }) => [address, name]));
  const ads = await new AdsServer().start();
  ads.set(meshOf({ [SERVICE]: [b] }));
  const registry = await story.start();
  await registry.set(SERVICE, [legacy]);
  const recorder = await story.record(registry.address);
  const args = [story.client, folder, recorder.address, JSON.stringify(story.options ?? {})];
  let client: RegistryClient | undefined;
  try {
    client = await RegistryClient.start('sample', {
      args,
      preload,
      env: { INMESH_XDS: ads.address, ...env },
    });
    const lists: unknown[] = [];
    const list = async () => {
      const all = await client!.ask<string[]>({ do: 'list', service: SERVICE });
      lists.push(all.map((address) => names.get(address)).sort());
      return all;
    };
    const own = { service: 'web', port: 1 };
    await list();
    await client.ask({ do: 'follow', service: SERVICE });
    await client.untilHeard('the registry’s', (heard: string[]) => heard.length === 1);
    await registry.set(SERVICE, [legacy, a]);
    await client.ask({ do: 'fetch' });
    await client.untilHeard('one more', (heard: string[]) => heard.length === 2, 60_000);
    await list();
    await client.ask({ do: 'register', ...own });
    await client.ask({ do: 'renew' });
    const { late, periodic } = story;
    if (late !== undefined && drill({ short: false, full: true })) {
      const deadline = Date.now() + 120_000;
      while (!recorder.said.some((each) => late.test(each))) {
        assert.ok(Date.now() < deadline, `${late} is not said`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
    await client.ask({ do: 'deregister', ...own });
    const seen = new Set<string>();
    const isNew = (each: string) => !seen.has(each) && seen.add(each) !== undefined;
    const waited = drill({ short: false, full: true });
    const said = recorder.said
      .filter((each) => waited || !late?.test(each))
      .filter((each) => !periodic?.test(each) || isNew(each));
    // What comes by the clock comes between other things as it likes.
    const timed = said.filter((each) => periodic?.test(each)).sort();
    const asked = said.filter((each) => !periodic?.test(each));
    return {
      said: [...asked, ...timed].map((each) => anonymous(each, started)),
      lists,
      lines: client.lines,
    };
  } finally {
    await client?.stop();
    await recorder.stop();
    await registry.stop();
    ads.stop();
    for (const instance of started) await instance.stop();
  }
}

/** Ports of instances differ from run to run. */
function anonymous(text: string, instances: readonly Instance[]): string {
  return instances.reduce((all, { port, name }) => all.replaceAll(String(port), `<${name}>`), text);
}
