/**
 * The embedded control plane gives the same mesh as a real istiod: the same folder through both, fetched by the
 * same client and compiled to the model, must be equal but for the differences in the table.
 */

import { strict as assert } from 'node:assert';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Istiod, startIstiod } from '../../lab';
import { startDevControlPlane } from '../../src/dev';
import { load, parseFiles } from '../../src/dev/load';
import { TYPE_URL } from '../../src/xds';
import { type Compiled, compile } from '../support/compiled';
import { DEV_CASES, type DevCase, REFUSED, STRICTER } from '../support/dev-cases';
import { object } from '../support/dev-cases/base';
import { peer } from '../support/peer';
import { fetchAll, sidecarNode, XdsClient } from '../support/xds-client';

/** Every tolerated difference; docs/dev-control-plane.md has the same list. `apply` removes it from both sides. */
const TOLERATED: readonly { readonly what: string; readonly apply: (compiled: Compiled) => void }[] = [
  {
    what: 'the order of header and query matches with different names inside one route (they are all required)',
    apply: (compiled) => walk(compiled, (value) => sortBy(value, ['headers', 'query'], 'name')),
  },
];

/** istiod reads a folder some 250 ms after a change and pushes at once; nothing says when it is done. */
const SETTLE_MS = 250;
const TRIES = 4;

describe('inmesh dev against a real istiod', function () {
  this.timeout(60_000);
  let istiod: Istiod;
  let watcher: XdsClient;
  let folder: string;
  let marker = 0;

  before(async function () {
    folder = await mkdtemp(join(tmpdir(), 'inmesh-differential-'));
    istiod = peer(this, await startIstiod());
    watcher = new XdsClient(istiod.xdsAddress, sidecarNode({ namespace: 'watch' }));
    watcher.subscribe(TYPE_URL.cluster);
  });

  after(async () => {
    watcher?.close();
    await istiod?.stop();
    if (folder) await rm(folder, { recursive: true });
  });

  /** Writes the case and waits until istiod serves it. */
  async function serve(yaml: string): Promise<string> {
    const host = `marker-${++marker}.inmesh.test`;
    const spec = `hosts: [${host}]\nresolution: STATIC\nports: [{number: 64999, name: tcp, protocol: TCP}]`;
    const text = yaml + object('ServiceEntry', 'marker', spec, 'watch');
    await istiod.write('case.yaml', text);
    const cluster = `outbound|64999||${host}`;
    await watcher.until(
      () => watcher.resources(TYPE_URL.cluster).has(cluster),
      `marker; istiod: ${lastRefusal()}`,
    );
    return text;
  }

  function lastRefusal(): string {
    return (
      istiod.log().split('unable to reload file configuration').slice(1).at(-1)?.slice(0, 1000) ?? 'took it'
    );
  }

  async function compiledBy(address: string, { node, ports = [80, 8080] }: DevCase): Promise<Compiled> {
    const compiled = compile(await fetchAll(address, sidecarNode(node), ports));
    for (const { apply } of TOLERATED) apply(compiled);
    return compiled;
  }

  for (const each of DEV_CASES) {
    it(each.title, async () => {
      const text = await serve(each.yaml);
      await writeFile(join(folder, 'case.yaml'), text);
      const plane = await startDevControlPlane({ folder });
      try {
        const errors = plane.problems.filter(({ severity }) => severity === 'error');
        assert.deepEqual(errors, []);
        const ours = await compiledBy(plane.address, each);
        let theirs = await compiledBy(istiod.xdsAddress, each);
        for (let tries = 1; tries < TRIES && !same(ours, theirs); tries++) {
          await pause(SETTLE_MS);
          theirs = await compiledBy(istiod.xdsAddress, each);
        }
        assert.deepEqual(ours, theirs);
      } finally {
        await plane.stop();
      }
    });
  }

  /** Does istiod keep its former state because of this? */
  async function istiodRefuses(yaml: string): Promise<boolean> {
    await serve('');
    const refusals = () => istiod.log().split('unable to reload file configuration').length;
    const reloads = () => istiod.log().split('Triggering reload of file configuration').length;
    const before = [refusals(), reloads()] as const;
    await istiod.write('case.yaml', yaml);
    const seen = () => reloads() > before[1];
    for (const end = Date.now() + 5000; !seen() && Date.now() < end; ) await pause(20);
    assert.ok(seen(), 'istiod saw the change');
    // The verdict is logged some milliseconds after the reload began.
    for (const end = Date.now() + 300; refusals() === before[0] && Date.now() < end; ) await pause(20);
    return refusals() > before[0];
  }

  function devRefuses(yaml: string): boolean {
    return !load(parseFiles(new Map([['case.yaml', yaml]]))).ok;
  }

  describe('refuses what istiod refuses', () => {
    for (const [what, yaml] of Object.entries(REFUSED)) {
      it(what, async () => {
        assert.deepEqual(
          { istiod: await istiodRefuses(yaml), dev: devRefuses(yaml) },
          { istiod: true, dev: true },
        );
      });
    }
  });

  describe('is stricter than istiod', () => {
    for (const [what, yaml] of Object.entries(STRICTER)) {
      it(what, async () => {
        assert.deepEqual(
          { istiod: await istiodRefuses(yaml), dev: devRefuses(yaml) },
          { istiod: false, dev: true },
        );
      });
    }
  });
});

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function walk(value: unknown, visit: (value: object) => void): void {
  if (typeof value !== 'object' || value === null) return;
  visit(value);
  for (const each of Object.values(value)) walk(each, visit);
}

function sortBy(value: object, fields: readonly string[], key: string): void {
  for (const field of fields) {
    const list = (value as Record<string, unknown>)[field];
    if (Array.isArray(list)) list.sort((a, b) => String(a[key]).localeCompare(String(b[key])));
  }
}
