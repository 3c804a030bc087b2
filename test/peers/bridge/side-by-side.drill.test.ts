/**
 * Beside the MCP server that is built into Nacos: one Nacos 2.2.4, followed at once by an istiod on its own port and by
 * one on the bridge, the same changes, a sidecar in each mesh. Short: every comparison once, with that server's
 * interval cut; full: the tables of `docs/bridge.md`.
 */
import { strict as assert } from 'node:assert';
import { setTimeout as pause } from 'node:timers/promises';
import { Value } from '@sinclair/typebox/value';
import { createNacosSource, nacosSchema } from '../../../src/bridge/source/nacos';
import { RecordingSink, testContext } from '../../support/bridge/recording-sink';
import { drill } from '../../support/peer';
import { storedEntries } from '../../support/registries/istio-config';
import { markdownTable, measuredOn } from '../../support/registries/latency-table';
import { NacosHttp } from '../../support/registries/nacos-http';
import { Changes, LASTING } from './side-by-side/changes';
import { costTable } from './side-by-side/cost';
import { FACTS, type Registered } from './side-by-side/facts';
import { restarts, restartTable } from './side-by-side/restart';
import { type View, viewOf } from './side-by-side/view';
import { bridgeSettings, type Mesh, PORT, startWorlds, type Worlds } from './side-by-side/worlds';

/** How often nacos-istio looks for changes; 3 s is its default. */
const INTERVAL_MS = drill({ short: 300, full: 3000 });
/** How often the bridge lists the names of services: a Nacos 2 tells of no new ones. */
const LIST_MS = drill({ short: 200, full: 10_000 });
const LISTED = { listIntervalMs: LIST_MS };
const LANES = drill({ short: 1, full: 8 });
const CHANGES = drill({ short: 1, full: 200 });
/** Restarts and CPU time take minutes: never in the short form. */
const FULL = drill({ short: false, full: true });
const PATIENCE_MS = 60_000;
/** For what nacos-istio may yet get right after everything has been looked at by it. */
const THEIR_PATIENCE_MS = drill({ short: 0, full: 10_000 });

describe('beside the built-in nacos-istio of Nacos 2.2.4', function () {
  this.timeout(drill({ short: 240_000, full: 3_600_000 }));
  const sink = new RecordingSink();
  let worlds: Worlds;
  let source: ReturnType<typeof createNacosSource>;
  let http: NacosHttp;
  let changes: Changes;

  before(async function () {
    worlds = await startWorlds(this, {
      services: [...Changes.services(LANES), 'marker'],
      nacos: { 'nacos.istio.mcp.push.interval': String(INTERVAL_MS) },
      source: LISTED,
    });
    // Told by the server at once of what it follows, and never late to follow.
    const config = { type: 'nacos', name: 'watch', servers: [worlds.nacos.address], listIntervalMs: 100 };
    source = createNacosSource(Value.Decode(nacosSchema, Value.Default(nacosSchema, config)), testContext());
    source.start(sink);
    http = new NacosHttp(worlds.nacos.address);
    changes = new Changes(worlds, sink, INTERVAL_MS);
    await http.untilEditable();
    if (FULL) console.log(`\n${measuredOn()}`);
  });

  afterEach(function () {
    if (this.currentTest?.state !== 'failed') return;
    console.log(worlds.bridge.log().slice(-4000), worlds.nacosIstio.istiod.log().slice(-4000));
  });

  after(async () => {
    await source?.stop();
    await worlds?.stop();
  });

  /** Registers one more and waits until both meshes have it: what came before it has been looked at by both. */
  async function mark(ip: string): Promise<void> {
    await http.register({ serviceName: 'marker', ip, port: PORT, metadata: LASTING });
    await Promise.all(
      [worlds.nacosIstio, worlds.ours].map((mesh) => {
        const there = () => mesh.sidecar.addresses(mesh.cluster('marker')).includes(`${ip}:${PORT}`);
        return mesh.sidecar.until(`the marker by ${mesh.name}`, there, PATIENCE_MS);
      }),
    );
  }

  /** Resolves when Nacos has told its subscribers: no later than it tells the bridge of what comes then. */
  function pushed(what: string, present: readonly string[], absent: readonly string[] = []): Promise<void> {
    const listed = () =>
      [...sink.services.values()].flatMap(({ instances }) => instances.map((one) => one.address));
    const isSo = () => {
      const addresses = new Set(listed());
      return present.every((ip) => addresses.has(ip)) && !absent.some((ip) => addresses.has(ip));
    };
    return sink.until(isSo, what, PATIENCE_MS);
  }

  /** The view that is as wanted, or the last one when that takes too long. */
  async function viewWhen(mesh: Mesh, isSo: (view: View) => boolean): Promise<View> {
    const end = Date.now() + (mesh === worlds.ours ? PATIENCE_MS : THEIR_PATIENCE_MS);
    for (;;) {
      const view = await viewOf(mesh);
      if (isSo(view) || Date.now() > end) return view;
      await pause(100);
    }
  }

  function register(serviceName: string, { metadata, ...others }: Registered): Promise<void> {
    return http.register({ serviceName, port: PORT, ...others, metadata: { ...LASTING, ...metadata } });
  }

  it('what is registered, as a sidecar gets it', async () => {
    const meshes = [worlds.nacosIstio, worlds.ours];
    const ips = (list: readonly Registered[]) => list.map(({ ip }) => ip);
    const moving = FACTS.map(({ late = [], ...fact }) => ({ ...fact, late })).filter(
      ({ late }) => late.length > 0,
    );
    const served = FACTS.filter(({ service }) => !service.startsWith('consumers:'));
    for (const { service, early } of FACTS) for (const each of early) await register(service, each);
    await pushed(
      'what is early',
      served.flatMap(({ early }) => ips(early)),
    );
    await mark('10.2.0.1');
    const has = (view: View, list: readonly Registered[]) =>
      list.every(({ ip }) => view.endpoints.some(({ address }) => address.startsWith(`${ip}:`)));
    const before = await Promise.all(
      meshes.map((mesh) => viewWhen(mesh, (view) => moving.every(({ early }) => has(view, early)))),
    );
    for (const { service, early, late } of moving) {
      for (const each of late) await register(service, each);
      for (const { ip, port = PORT } of early) await http.deregister({ serviceName: service, ip, port });
    }
    await pushed(
      'what is late',
      moving.flatMap(({ late }) => ips(late)),
      moving.flatMap(({ early }) => ips(early)),
    );
    await mark('10.2.0.2');
    const wrongs = (view: View, i: number) => FACTS.map(({ wrong }) => wrong(view, before[i]!, meshes[i]!));
    const views = await Promise.all(
      meshes.map((mesh, i) => viewWhen(mesh, (view) => wrongs(view, i).every((each) => each === undefined))),
    );
    const found = FACTS.map(({ title }, fact) => ({
      title,
      wrong: views.map((view, i) => wrongs(view, i)[fact]),
    }));
    const rows = found.map(({ title, wrong }) => [
      title,
      ...wrong.map((each) => (each ? `no: ${each}` : 'yes')),
    ]);
    console.log(`\n${markdownTable(['expected', 'nacos-istio', 'bridge'], rows)}\n`);
    assert.deepEqual(
      found.filter(({ wrong: [, ours] }) => ours !== undefined),
      [],
    );
  });

  it('a current istiod gets nothing from nacos-istio: it asks for v1', async () => {
    const [current, older, ours] = await Promise.all(
      [worlds.current, worlds.nacosIstio.istiod, worlds.ours.istiod].map(storedEntries),
    );
    assert.ok(older!.size > 0 && ours!.size > 0);
    assert.equal(current!.size, 0);
  });

  it('changes, and how long a sidecar waits for them', async () => {
    await Promise.all([
      changes.run(LANES, CHANGES),
      changes.newServices(`new service, listed every ${LIST_MS / 1000} s`, LANES, CHANGES / 2, LIST_MS),
    ]);
    console.log(`\n${changes.text()}\n`);
    for (const kind of changes.measuredKinds) assert.equal(changes.missed(kind, 'bridge'), 0, kind);
  });

  if (!FULL) return;

  it('a new service, when the bridge lists as often as the other looks', async () => {
    await worlds.bridge.configure(bridgeSettings(worlds.nacos, { listIntervalMs: INTERVAL_MS }));
    const kind = `new service, listed every ${INTERVAL_MS / 1000} s`;
    await changes.newServices(kind, LANES, CHANGES / 2, INTERVAL_MS);
    console.log(`\n${changes.text()}\n`);
    assert.equal(changes.missed(kind, 'bridge'), 0);
  });

  it('what following costs', async () => {
    // It follows, too.
    await source.stop();
    console.log(`\n${await costTable(worlds, 30, 2)}\n`);
  });
});

if (FULL) {
  describe('beside the built-in nacos-istio when Nacos restarts', function () {
    this.timeout(3_600_000);
    let worlds: Worlds | undefined;

    after(() => worlds?.stop());

    it('what runs stays, what does not goes', async function () {
      worlds = await startWorlds(this, { services: [], nacos: {}, source: {} });
      const results = await restarts(worlds, 3);
      console.log(`\n${measuredOn()}\n\n${restartTable(results)}\n`);
      for (const { emptied } of results.get(worlds.ours)!) assert.equal(emptied, 0);
    });
  });
}
