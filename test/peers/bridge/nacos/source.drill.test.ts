/** The Nacos source against real servers: every kind of change, faults, fail-over, rights, and Dubbo's data. */

import { strict as assert } from 'node:assert';
import { isSkipped, type NacosServer, startNacos } from '../../../../lab';
import { startNacosSource, stopNacosSources } from '../../../support/nacos-bridge';
import { drill, peer } from '../../../support/peer';
import { NacosHttp, type NacosInstance } from '../../../support/registries/nacos-http';
import type { RecordingSink } from '../../../support/source-sink';

const ORDERS = 'public/DEFAULT_GROUP/orders';
/** The Java process starts, and Raft elects its leader, on a machine that does other things, too. */
const PATIENCE_MS = 120_000;
/** What takes half a minute by Nacos' own clocks is for the drills, and so are the faults of the second voice. */
const IS_DRILL = drill({ short: false, full: true });

function orders(port: number, more: Partial<NacosInstance> = {}): NacosInstance {
  return { serviceName: 'orders', ip: '10.1.0.1', port, ephemeral: true, ...more };
}

/** Beats keep an HTTP instance alive; a test that lasts needs them. */
class Alive {
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(readonly http: NacosHttp) {}

  async register(instance: NacosInstance): Promise<void> {
    await this.http.register(instance);
    const beat = () => this.http.beat(instance).catch(() => undefined);
    this.#timers.add(setInterval(() => void beat(), 2_000));
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }
}

for (const version of [3, 2] as const) {
  describe(`the Nacos source and a real Nacos ${version}.x`, function () {
    this.timeout(5 * 60_000);
    let server: NacosServer;
    let http: NacosHttp;
    let alive: Alive;

    before(async function () {
      server = peer(this, await startNacos({ version }));
      http = new NacosHttp(server.address);
      await http.untilEditable();
    });

    beforeEach(() => {
      alive = new Alive(http);
    });

    afterEach(async () => {
      alive.stop();
      await stopNacosSources();
    });

    after(() => server?.stop());

    function follow(given: Readonly<Record<string, unknown>> = {}) {
      return startNacosSource({ servers: [server.address], listIntervalMs: 1_000, ...given });
    }

    async function one(sink: RecordingSink, what: string, fits: (i: Found) => boolean): Promise<void> {
      const found = () => sink.services.get(ORDERS)?.instances.some(fits) === true;
      await sink.until(found, what, PATIENCE_MS);
    }
    type Found = NonNullable<ReturnType<RecordingSink['services']['get']>>['instances'][number];

    it('sees register, weight, metadata, enabled, health and deregister', async () => {
      const { sink } = follow();
      await sink.until(() => sink.syncs === 1, 'the first synchronisation', PATIENCE_MS);
      await alive.register(orders(80, { weight: 2.5, metadata: { version: 'v1' } }));
      await one(sink, 'registered', ({ weight, metadata }) => weight === 2.5 && metadata['version'] === 'v1');
      await http.update(orders(80, { weight: 7, metadata: { version: 'v2' } }));
      await one(sink, 'edited', ({ weight, metadata }) => weight === 7 && metadata['version'] === 'v2');
      await http.update(orders(80, { enabled: false, weight: 7, metadata: { version: 'v2' } }));
      await sink.until(() => sink.addresses(ORDERS)?.length === 0, 'disabled', PATIENCE_MS);
      await http.update(orders(80, { enabled: true, weight: 7, metadata: { version: 'v2' } }));
      await one(sink, 'enabled', ({ enabled }) => enabled);
      if (IS_DRILL) {
        await http.register(orders(81));
        await one(sink, 'a second one', ({ port }) => port === 81);
        await one(sink, 'unhealthy without beats', ({ port, healthy }) => port === 81 && !healthy);
        await sink.until(() => sink.addresses(ORDERS)?.length === 1, 'removed without beats', PATIENCE_MS);
      }
      alive.stop();
      await http.deregister(orders(80));
      await sink.until(() => sink.addresses(ORDERS)?.length === 0, 'deregistered', PATIENCE_MS);
    });

    it('keeps namespaces with equal names apart', async () => {
      await alive.register(orders(90, { namespaceId: 'ns-a' }));
      await alive.register(orders(91, { namespaceId: 'ns-b' }));
      const { sink } = follow({ namespaces: ['ns-a', 'ns-b'] });
      const [a, b] = ['ns-a/DEFAULT_GROUP/orders', 'ns-b/DEFAULT_GROUP/orders'] as const;
      await sink.until(() => sink.services.has(a) && sink.services.has(b), 'both', PATIENCE_MS);
      await alive.register(orders(92, { namespaceId: 'ns-b' }));
      await sink.until(() => sink.addresses(b)?.length === 2, 'a change in one', PATIENCE_MS);
      assert.deepEqual(sink.addresses(a), ['10.1.0.1:90']);
    });

    if (version === 3) {
      it('reads all groups of a namespace by the admin API', async () => {
        await alive.register(orders(95, { groupName: 'G1' }));
        await alive.register(orders(96, { groupName: 'G2' }));
        const { sink } = follow({ groups: 'all', adminUrl: `http://${server.address}/nacos` });
        const both = () => sink.services.has('public/G1/orders') && sink.services.has('public/G2/orders');
        await sink.until(both, 'both groups', PATIENCE_MS);
      });
    }

    if (version === 2 && !IS_DRILL) return;

    it('loses nothing over a kill and a restart of the server', async () => {
      await alive.register(orders(70));
      await alive.register(orders(71));
      const { sink } = follow();
      const key = ORDERS;
      await sink.until(() => sink.addresses(key)?.length === 2, 'two instances', PATIENCE_MS);
      const before = sink.events.length;
      await server.kill();
      await sink.until(() => sink.sourceState === 'down', 'the outage', PATIENCE_MS);
      await server.start();
      await sink.until(() => sink.syncs >= 2, 'the next synchronisation', PATIENCE_MS);
      await http.untilEditable();
      await http.update(orders(70, { metadata: { back: 'yes' } }));
      await one(sink, 'a change after it', ({ metadata }) => metadata['back'] === 'yes');
      const since = sink.events.slice(before).filter((event) => event.includes(key));
      assert.deepEqual(
        since.filter((event) => event.startsWith('remove') || / [01]$/.test(event)),
        [],
      );
      if (!IS_DRILL) return;
      alive.stop();
      await sink.until(() => sink.addresses(key)?.length === 0, 'what stopped beating goes', PATIENCE_MS);
    });
  });
}

describe('the Nacos source and two real servers', function () {
  this.timeout(5 * 60_000);
  const servers: NacosServer[] = [];

  afterEach(stopNacosSources);

  after(async () => {
    await Promise.all(servers.map((server) => server.stop()));
  });

  if (!IS_DRILL) return;

  it('goes to the other one when one dies', async function () {
    const found = [await startNacos(), await startNacos()];
    servers.push(...found.filter((each): each is NacosServer => !isSkipped(each)));
    const [a, b] = [peer(this, found[0]!), peer(this, found[1]!)];
    for (const { address } of [a, b]) {
      const http = new NacosHttp(address);
      await http.untilEditable();
      await http.register({ serviceName: 'orders', ip: '10.1.0.1', port: 80, ephemeral: false });
    }
    const { sink, log } = startNacosSource({ servers: [a.address, b.address] });
    await sink.until(() => sink.addresses(ORDERS)?.length === 1, 'an instance', PATIENCE_MS);
    const first = log.some((line) => line.includes(`:${a.grpcPort}`)) ? a : b;
    await first.kill();
    await sink.until(() => sink.syncs >= 2, 'the other server', PATIENCE_MS);
    assert.deepEqual(sink.addresses(ORDERS), ['10.1.0.1:80']);
    assert.ok(!sink.events.includes(`remove ${ORDERS}`));
  });
});

describe('the Nacos source and a real server with rights', function () {
  this.timeout(5 * 60_000);
  let server: NacosServer;

  before(async function () {
    const secret = Buffer.from('inmesh-lab-secret-inmesh-lab-secret').toString('base64');
    const properties = {
      'nacos.core.auth.enabled': 'true',
      'nacos.core.auth.admin.enabled': 'true',
      'nacos.core.auth.plugin.nacos.token.secret.key': secret,
      'nacos.core.auth.server.identity.key': 'lab',
      'nacos.core.auth.server.identity.value': 'lab',
    };
    server = peer(this, await startNacos({ properties }));
    const url = `http://${server.address}/nacos/v3/auth/user/admin`;
    const answer = await fetch(url, { method: 'POST', body: new URLSearchParams({ password: 'secret' }) });
    assert.equal(answer.status, 200);
  });

  afterEach(stopNacosSources);
  after(() => server?.stop());

  it('says in one sentence that it is not let in', async () => {
    const { sink } = startNacosSource({ servers: [server.address] });
    await sink.until(() => sink.sourceState === 'down', 'the refusal', PATIENCE_MS);
    assert.match(sink.detail ?? '', /Nacos refuses .* check username and password/);
    const wrong = startNacosSource({ servers: [server.address], username: 'nacos', password: 'wrong' });
    await wrong.sink.until(() => wrong.sink.sourceState === 'down', 'the refusal of the login', PATIENCE_MS);
    assert.match(wrong.sink.detail ?? '', /the login is refused .* check username and password/);
  });

  it('follows with user and password, also all groups', async () => {
    const { sink } = startNacosSource({
      servers: [server.address],
      username: 'nacos',
      password: 'secret',
      groups: 'all',
      adminUrl: `http://${server.address}/nacos`,
      listIntervalMs: 1_000,
    });
    await sink.until(() => sink.syncs === 1, 'the synchronisation', PATIENCE_MS);
    assert.equal(sink.sourceState, 'up');
  });
});
