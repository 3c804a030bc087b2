/** Two bridges on one real Nacos, behind one address: equal when quiet, and nobody notices when one takes over. */
import { strict as assert } from 'node:assert';
import { isDeepStrictEqual } from 'node:util';
import { Adsc, SERVICE_ENTRY_V1 } from '../../support/bridge/adsc';
import { ChangingNacos } from '../../support/bridge/scale-nacos';
import { eventually } from '../../support/load';
import { NacosChain, nacosCluster, nacosHost } from '../../support/registries/nacos-chain';
import { npmNacos } from '../../support/registries/nacos-npm';
import { fetchNames } from '../../support/registries/sidecar';
import { TcpSwitch } from '../../support/registries/tcp-switch';

const SERVICE_ENTRY_V1ALPHA3 = 'networking.istio.io/v1alpha3/ServiceEntry';
const SERVICES = ['orders', 'payments', 'Stock_Service'];
const GRACE_MS = 4000;
/** More than half of all, and enough to be taken for a fault. */
const MANY = 25;

describe('two bridges on a real Nacos', function () {
  this.timeout(240_000);
  let chain: NacosChain;
  let front: TcpSwitch;
  let npm: Awaited<ReturnType<typeof npmNacos>>;
  const clients: Adsc[] = [];
  const clusters = [...SERVICES.map(hostPart), 'extra', 'short-lived'].map((name) => nacosCluster(name));

  before(async function () {
    chain = await NacosChain.start(this, {
      replicas: 2,
      clusters,
      bridge: () => ({ catalogue: { graceMs: GRACE_MS } }),
      configSources: async ([first]) => {
        front = await TcpSwitch.start(first!.mcpPort);
        return [`xds://${front.address}`];
      },
    });
    npm = await npmNacos(chain.nacos.address);
    for (const [i, service] of SERVICES.entries()) {
      await npm.registerInstance(service, { ip: `10.1.0.${i}`, port: 8080, metadata: { version: `v${i}` } });
      await npm.registerInstance(service, { ip: `10.1.1.${i}`, port: 8081, weight: 0.5 });
    }
    await chain.sidecar.until('all services', () => SERVICES.every((each) => of(each).length === 2));
  });

  afterEach(function () {
    if (this.currentTest?.state === 'failed')
      for (const each of chain.bridges) console.log(each.log().slice(-3000));
  });

  after(async () => {
    for (const client of clients) client.close();
    await npm?.close();
    await chain?.stop();
    await front?.stop();
  });

  function of(service: string): string[] {
    return chain.sidecar.addresses(nacosCluster(hostPart(service)));
  }

  function adsc(replica: number, type: string): Adsc {
    const client = new Adsc(chain.bridges[replica]!.mcpAddress, { types: [type] });
    clients.push(client);
    return client;
  }

  /** The newest whole answer: version, and every resource's bytes. */
  function answer(client: Adsc, type: string): readonly string[] {
    const newest = client.responsesOf(type).at(-1);
    const resources = newest?.resources.map(({ value }) => Buffer.from(value).toString('base64')) ?? [];
    return [newest?.versionInfo ?? '', ...resources];
  }

  /** Both replicas serve the same, also to istiod. */
  async function untilEqual(): Promise<void> {
    await eventually('equal replicas', async () => {
      const [first, second] = await Promise.all(chain.bridges.map((each) => each.served()));
      return JSON.stringify([...first!]) === JSON.stringify([...second!]) ? true : undefined;
    });
  }

  it('serve the same bytes, under v1 and v1alpha3', async () => {
    await untilEqual();
    const all = [0, 1].flatMap((replica) =>
      [SERVICE_ENTRY_V1, SERVICE_ENTRY_V1ALPHA3].map((type) => ({ type, client: adsc(replica, type) })),
    );
    // A replica may still hold a push back for its interval.
    await eventually('equal bytes of all services', () => {
      const answers = all.map(({ type, client }) => answer(client, type));
      const isWhole = answers[0]!.length === 1 + SERVICES.length;
      return isWhole && answers.every((each) => isDeepStrictEqual(each, answers[0])) ? true : undefined;
    });
  });

  it("every host is in istiod's DNS table with its VIP, and the VIP is a domain of its route", async () => {
    const served = await chain.bridge.served();
    const { table, domains } = await fetchNames(chain.istiod.xdsAddress, 80);
    assert.deepEqual([...served.keys()].sort(), SERVICES.map((each) => nacosHost(hostPart(each))).sort());
    for (const { host, addresses } of served.values()) {
      assert.equal(addresses.length, 1);
      assert.deepEqual(table.get(host), addresses);
      for (const domain of [host, addresses[0]!])
        assert.ok(domains.has(domain), `${domain} is no domain of a route`);
    }
  });

  it('one is killed: the other takes over without a push', async () => {
    await untilEqual();
    const { sidecar, bridges } = chain;
    const seen = sidecar.received.length;
    const [first, second] = bridges;
    front.turnTo(second!.mcpPort);
    await first!.kill();
    await eventually(
      'istiod at the other',
      async () => {
        const page = await second!.page<{ clients: { node: string; types: number }[] }>('/clients');
        return page.clients.some(({ node, types }) => /istiod/.test(node) && types > 10) ? true : undefined;
      },
      90_000,
    );
    await npm.registerInstance('extra', { ip: '10.1.2.1', port: 8080 });
    await sidecar.until('the next change', () => of('extra').length === 1);
    // A new service brings istiod's own clusters along, which have no service.
    const news = new Set(sidecar.received.slice(seen).filter((name) => name.startsWith('outbound|')));
    assert.deepEqual([...news], [nacosCluster('extra')]);
    assert.deepEqual(sidecar.emptied, []);
    await first!.start();
    await untilEqual();
  });

  it('one takes over in the middle of a grace: no service with instances vanishes', async () => {
    const instance = { ip: '10.1.3.1', port: 8080 };
    await npm.registerInstance('short-lived', instance);
    await chain.sidecar.until('it', () => of('short-lived').length === 1);
    await untilEqual();
    await npm.deregisterInstance('short-lived', instance);
    await chain.sidecar.until('its end', () => of('short-lived').length === 0);
    assert.ok(
      (await chain.bridges[1]!.served()).has(nacosHost('short-lived')),
      'it is emptied before it is removed',
    );
    front.turnTo(chain.bridges[0]!.mcpPort);
    await chain.bridges[1]!.kill();
    await npm.registerInstance('orders', { ip: '10.1.4.1', port: 8080 });
    await chain.sidecar.until('the next change', () => of('orders').includes('10.1.4.1:8080'), 90_000);
    assert.deepEqual(chain.sidecar.emptied, [nacosCluster('short-lived')]);
    await eventually('its removal', async () =>
      (await chain.bridges[0]!.served()).has(nacosHost('short-lived')) ? undefined : true,
    );
    for (const service of SERVICES) assert.ok(of(service).length >= 2, service);
  });

  it('one takes over in the middle of a freeze: what is frozen stays, and thaws when it is back', async () => {
    const [first, second] = chain.bridges;
    await second!.start();
    const hosts = Array.from({ length: MANY }, (_unused, i) => `real-${i}`);
    chain.sidecar.watch(...hosts.map((name) => nacosCluster(name)));
    const isWhole = () => hosts.every((name) => of(name).length === 2);
    let owner = await ChangingNacos.open(chain.nacos, MANY);
    await chain.sidecar.until('all of them', isWhole);
    await untilEqual();
    owner.close();
    for (const bridge of chain.bridges) {
      const isFrozen = async () => {
        const { sources } = await bridge.page<{ sources: { frozen: number }[] }>('/catalogue');
        return sources[0]!.frozen >= MANY || undefined;
      };
      await eventually('the freeze', isFrozen, 60_000);
    }
    // The first to empty were believed until there were too many.
    await chain.sidecar.until('all of them again', isWhole);
    const seen = chain.sidecar.emptied.length;
    front.turnTo(second!.mcpPort);
    await first!.kill();
    await npm.registerInstance('orders', { ip: '10.1.5.1', port: 8080 });
    await chain.sidecar.until('the next change', () => of('orders').includes('10.1.5.1:8080'), 90_000);
    assert.ok(isWhole());
    owner = await ChangingNacos.open(chain.nacos, MANY);
    try {
      for (let i = 0; i < MANY; i++) await owner.change();
      const isNew = () => hosts.every((name) => of(name).some((each) => each.includes(':9')));
      await chain.sidecar.until('their new ports', isNew);
      assert.deepEqual(chain.sidecar.emptied.slice(seen), []);
    } finally {
      owner.close();
    }
  });
});

/** Names of Nacos as the bridge makes them part of a host. */
function hostPart(service: string): string {
  return service.toLowerCase().replace('_', '-');
}
