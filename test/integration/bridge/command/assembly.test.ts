/** The bridge put together, over scripted sources: from what a registry says to what a control plane is sent. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bridge } from '../../../../src/bridge';
import type { SourceSink } from '../../../../src/bridge/model';
import { MCP_TYPES } from '../../../../src/dev/mcp/types';
import { Adsc, SERVICE_ENTRY_V1 } from '../../../support/bridge/adsc';
import {
  bridgeYaml,
  configOf,
  dubboServices,
  registryService,
  ScriptedSource,
  startScripted,
} from '../../../support/bridge/scripted-source';

const EUREKA = '  - { name: eureka, type: eureka, servers: ["http://127.0.0.1:1"] }\n';

/** A registry that answers at once. */
const withServices =
  (...services: readonly (readonly [name: string, ...addresses: string[]])[]) =>
  (sink: SourceSink) => {
    sink.state('up');
    for (const [name, ...addresses] of services) sink.update(registryService(name, addresses));
    sink.synced();
  };

describe('bridge: put together', () => {
  const cleanUps: (() => unknown)[] = [];
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'inmesh-bridge-'));
    cleanUps.push(() => rm(folder, { recursive: true, force: true }));
  });
  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  });

  async function start(
    sources: Readonly<Record<string, ScriptedSource>>,
    yaml = bridgeYaml(),
    file?: string,
  ) {
    const scripted = await startScripted(configOf(yaml), sources, file === undefined ? {} : { file });
    cleanUps.push(() => scripted.bridge.stop());
    return scripted;
  }

  function connect(bridge: Bridge): Adsc {
    const client = new Adsc(bridge.mcpAddress);
    cleanUps.push(() => client.close());
    return client;
  }

  const page = async (bridge: Bridge, path: string, init?: RequestInit) => {
    const response = await fetch(`http://${bridge.adminAddress}${path}`, init);
    return { status: response.status, text: await response.text() };
  };
  const json = async (bridge: Bridge, path: string) => JSON.parse((await page(bridge, path)).text);
  const names = ({ store }: Adsc) => [...store.values()].flatMap(({ spec }) => spec.hosts ?? []).sort();

  it('serves what the registry says, and each change of it', async () => {
    const nacos = new ScriptedSource('nacos', withServices(['orders', '10.0.0.1:8080']));
    const { bridge, log } = await start({ nacos });
    const client = connect(bridge);
    await client.until('orders', () => client.store.size === 1);
    assert.deepEqual(names(client), ['orders.default-group.public.nacos']);
    nacos.sink!.update(registryService('orders', ['10.0.0.1:8080', '10.0.0.2:8080']));
    nacos.sink!.update(registryService('stock', ['10.0.0.3:8080']));
    await client.until('stock', () => client.store.size === 2);
    const changes = log.of('bridge.changed');
    assert.match(
      changes.at(-1)!.message,
      /^changed: inmesh-registry\/stock-default-group-public-nacos-[0-9a-f]{8}$/,
    );
    const lines = log.lines.length;
    nacos.sink!.update(registryService('stock', ['10.0.0.3:8080']));
    nacos.sink!.state('up');
    nacos.sink!.synced();
    assert.equal(log.lines.length, lines, 'a poll without news is no line');
  });

  it('the port is open and everything else answered while a registry is awaited; the pages say so', async () => {
    const nacos = new ScriptedSource('nacos', (sink) => sink.state('down', 'nobody there'));
    const { bridge } = await start({ nacos });
    const client = connect(bridge);
    await client.until('all but one', () => client.responses.length === MCP_TYPES.length - 1);
    assert.equal((await page(bridge, '/readyz')).status, 200);
    assert.equal((await page(bridge, '/healthz')).text, 'ok\n');
    const catalogue = await json(bridge, '/catalogue');
    assert.deepEqual([catalogue.open, catalogue.waitingFor], [false, ['nacos']]);
    assert.equal(catalogue.sources[0].detail, 'nobody there');
    const { clients } = await json(bridge, '/xds');
    const waiting = clients[0].types.filter(({ status }: { status: string }) => status.startsWith('waiting'));
    assert.deepEqual(
      waiting.map(({ type }: { type: string }) => type),
      [SERVICE_ENTRY_V1],
    );
    withServices(['orders', '10.0.0.1:80'])(nacos.sink!);
    await client.until('orders', () => client.store.size === 1);
    assert.match((await page(bridge, '/metrics')).text, /^inmesh_bridge_entries 1$/m);
    assert.equal((await page(bridge, '/nothing')).status, 404);
    assert.equal((await page(bridge, '/thaw')).status, 405);
    assert.equal(
      (await page(bridge, '/thaw', { method: 'POST', headers: { origin: 'http://evil' } })).status,
      403,
    );
  });

  it('a start while the registry is away serves the snapshot of the run before; damage is told', async () => {
    const yaml = bridgeYaml(
      `snapshot: { file: ${JSON.stringify(join(folder, 'state.json'))}, debounceMs: 0 }`,
    );
    const before = await start(
      { nacos: new ScriptedSource('nacos', withServices(['orders', '10.0.0.1:80'])) },
      yaml,
    );
    const first = connect(before.bridge);
    await first.until('orders', () => first.store.size === 1);
    await before.bridge.stop();
    const nacos = new ScriptedSource('nacos', (sink) => sink.state('down', 'nobody there'));
    const { bridge, log } = await start({ nacos }, yaml);
    const client = connect(bridge);
    await client.until('orders', () => client.store.size === 1);
    assert.deepEqual([...client.store], [...first.store], 'byte for byte, versions too');
    assert.equal(log.of('snapshot.read').length, 1);
    await bridge.stop();
    await writeFile(join(folder, 'state.json'), 'damaged');
    const third = await start({ nacos: new ScriptedSource('nacos') }, yaml);
    assert.match(third.log.of('snapshot.unusable')[0]!.message, /state\.json cannot be used: it is cut off/);
  });

  it('frozen services are thawed by POST /thaw', async () => {
    const services = Array.from({ length: 30 }, (_, i) => [`s${i}`, `10.0.0.${i}:80`] as const);
    const nacos = new ScriptedSource('nacos', withServices(...services));
    const { bridge } = await start({ nacos });
    const client = connect(bridge);
    await client.until('all', () => client.store.size === 30);
    const endpoints = () => [...client.store.values()].flatMap(({ spec }) => spec.endpoints ?? []).length;
    nacos.sink!.state('down');
    nacos.sink!.state('up');
    for (const [name] of services) nacos.sink!.update(registryService(name, []));
    nacos.sink!.synced();
    const { sources } = await json(bridge, '/catalogue');
    assert.equal(sources[0].frozen, 30);
    assert.equal(endpoints(), 30);
    assert.deepEqual(JSON.parse((await page(bridge, '/thaw', { method: 'POST' })).text), { thawed: 30 });
    await client.until('empty', () => endpoints() === 0);
    assert.equal(client.store.size, 30, 'emptied, not removed');
  });

  it('the configuration changes while it runs: sources come and go, others are left alone, streams stay', async () => {
    const file = join(folder, 'bridge.yaml');
    await writeFile(file, bridgeYaml());
    const nacos = new ScriptedSource('nacos', withServices(['orders', '10.0.0.1:80']));
    const eureka = new ScriptedSource('eureka', withServices(['users', '10.0.0.9:80']));
    const { bridge, log } = await start({ nacos, eureka }, bridgeYaml(), file);
    const client = connect(bridge);
    await client.until('orders', () => client.store.size === 1);
    const change = async (text: string) => {
      await writeFile(file, text);
      await bridge.reload();
    };
    await change(bridgeYaml('', EUREKA));
    await client.until('users', () => client.store.size === 2);
    assert.deepEqual([nacos.starts, nacos.stops, eureka.starts], [1, 0, 1]);
    const updates = client.updates;
    nacos.sink!.update(registryService('orders', ['10.0.0.2:80']));
    await client.until('change', () => client.updates === updates + 1);
    await change(bridgeYaml().replace('["127.0.0.1:1"]', '["127.0.0.1:1"], convert: { exportTo: ["."] }'));
    await client.until('the new rules', () => {
      const [entry] = client.store.values();
      return client.store.size === 1 && entry!.spec.exportTo?.[0] === '.';
    });
    assert.deepEqual([nacos.starts, nacos.stops, eureka.stops], [1, 0, 1]);
    assert.equal(log.of('mcp.disconnected').length, 0);
    assert.equal(log.of('config.applied').length, 2);
    await change('sources: 5');
    assert.match(
      log.of('config.refused')[0]!.message,
      /bridge\.yaml:1:10: sources: .* \(the configuration from before stays\)$/,
    );
    await change('sources: 5 ');
    assert.equal(log.of('config.refused').length, 1, 'said once');
    nacos.sink!.update(registryService('orders', ['10.0.0.3:80']));
    await client.until('change', () => JSON.stringify([...client.store]).includes('10.0.0.3'));
    await change(bridgeYaml().replace('minPushIntervalMs: 10', 'minPushIntervalMs: 20'));
    assert.match(log.of('config.applied').at(-1)!.message, /mcp will count after a restart/);
    assert.match((await page(bridge, '/metrics')).text, /config_reloads_total\{result="refused"\} 1/);
  });

  it('a source that is configured anew is started anew and serves the last known state until it is read', async () => {
    const file = join(folder, 'bridge.yaml');
    await writeFile(file, bridgeYaml());
    const made = [
      new ScriptedSource('nacos', withServices(['orders', '10.0.0.1:80'])),
      new ScriptedSource('nacos', (sink) => sink.state('connecting')),
    ];
    const sources = {
      get nacos() {
        return made.shift()!;
      },
    };
    const [first, second] = made;
    const { bridge } = await start(sources, bridgeYaml(), file);
    const client = connect(bridge);
    await client.until('orders', () => client.store.size === 1);
    await writeFile(file, bridgeYaml().replace('127.0.0.1:1"', '127.0.0.1:2"'));
    await bridge.reload();
    assert.deepEqual([first!.stops, second!.starts], [1, 1]);
    assert.equal(bridge.state().snapshot!.entries.size, 1);
    withServices(['stock', '10.0.0.2:80'])(second!.sink!);
    await client.until('stock', () => names(client).some((name) => name.startsWith('stock')));
    const orders = [...client.store.values()].find(({ spec }) => spec.hosts?.[0]?.startsWith('orders'));
    assert.deepEqual(orders?.spec.endpoints ?? [], []);
  });

  it('Sidecars of what Dubbo applications consume are served beside the entries, and shown; off, there are none', async () => {
    const yaml = (sidecars: string) =>
      bridgeYaml(sidecars).replace('["127.0.0.1:1"]', '["127.0.0.1:1"], dubbo: { consumers: true }');
    const on = yaml('sidecars: { workloads: [{ namespace: shop }] }');
    const file = join(folder, 'bridge.yaml');
    await writeFile(file, on);
    const nacos = new ScriptedSource('nacos', (sink) => {
      sink.state('up');
      for (const service of dubboServices()) sink.update(service);
      sink.synced();
    });
    const { bridge, log } = await start({ nacos }, on, file);
    const client = connect(bridge);
    const sidecars = () => client.responsesOf('networking.istio.io/v1/Sidecar');
    await client.until('a Sidecar', () => (sidecars().at(-1)?.resources.length ?? 0) === 1);
    const bytes = Buffer.from(sidecars().at(-1)!.resources[0]!.value).toString('latin1');
    for (const part of [
      'shop/inmesh-web-',
      'istio.networking.v1alpha3.Sidecar',
      'inmesh-registry/demo.orders.dubbo',
    ])
      assert.ok(bytes.includes(part), part);
    const shown = await json(bridge, '/sidecars');
    assert.deepEqual(shown.sidecars[0].consumes, ['demo.Orders']);
    assert.match((await page(bridge, '/metrics')).text, /^inmesh_bridge_sidecars 1$/m);
    const { services, entries } = await json(bridge, '/catalogue');
    assert.deepEqual([services, entries.length], [1, 1], 'consumers are no services');
    assert.match(log.of('bridge.changed').at(-1)!.message, /^changed: shop\/inmesh-web-[0-9a-f]{8}$/);
    await writeFile(file, yaml(''));
    await bridge.reload();
    await client.until('no Sidecar', () => sidecars().at(-1)!.resources.length === 0);
  });

  it('the question for Sidecars waits until they can be made, as an empty answer would delete them, but not for ever', async () => {
    const yaml = bridgeYaml('sidecars: { workloads: [{ namespace: shop }] }');
    const sources = (ms: number) =>
      yaml.replace('127.0.0.1:1"]', `127.0.0.1:1"], syncTimeoutMs: ${ms}, dubbo: { consumers: true }`);
    const nacos = new ScriptedSource('nacos', (sink) => sink.state('up'));
    const { bridge } = await start({ nacos }, sources(60_000));
    const client = connect(bridge);
    const sidecars = (of: Adsc) =>
      of.responsesOf('networking.istio.io/v1/Sidecar').map(({ resources }) => resources.length);
    await client.until('all but two', () => client.responses.length === MCP_TYPES.length - 2);
    for (const service of dubboServices()) nacos.sink!.update(service);
    nacos.sink!.synced();
    await client.until('a Sidecar', () => sidecars(client).length > 0);
    assert.deepEqual(sidecars(client), [1]);
    const down = new ScriptedSource('nacos', (sink) => sink.state('down', 'away'));
    const away = await start({ nacos: down }, sources(20));
    const other = connect(away.bridge);
    await other.until('an answer', () => sidecars(other).length > 0);
    assert.deepEqual(sidecars(other), [0]);
  });

  it('a port that is taken and a certificate that is missing end the start with one sentence', async () => {
    const { bridge } = await start({});
    const taken = bridgeYaml().replace('"127.0.0.1:0"', JSON.stringify(bridge.mcpAddress));
    const inUse =
      /^Error: mcp\.listen: cannot listen on 127\.0\.0\.1:\d+: EADDRINUSE: another program listens there; /;
    await assert.rejects(start({}, taken), inUse);
    const admin = bridgeYaml().replace(
      'admin: { listen: "127.0.0.1:0"',
      `admin: { listen: "${bridge.adminAddress}"`,
    );
    await assert.rejects(
      start({}, admin),
      /^Error: admin\.listen: cannot listen on .*; end it, or choose another port$/,
    );
    const tls = bridgeYaml().replace(
      'minPushIntervalMs: 10',
      'tls: { certFile: /nowhere/c, keyFile: /nowhere/k }',
    );
    await assert.rejects(
      start({}, tls),
      /^Error: mcp\.tls: cannot read the certificate \/nowhere\/c: ENOENT: there is no such file$/,
    );
  });
});
