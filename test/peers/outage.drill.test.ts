/** istiod comes and goes under 200 requests a second: nothing fails, and the agent is back soon after it. */
import { strict as assert } from 'node:assert';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Istiod, istiodBinary, startIstiod } from '../../lab';
import { type DevNacos, startDevNacos } from '../../src/dev/nacos';
import { App, ROOT } from '../support/app';
import { Backend } from '../support/backend';
import { eventually, OpenLoad } from '../support/load';
import { hostOf, serviceEntry, virtualService } from '../support/mesh-yaml';
import { drill, peer } from '../support/peer';
import { seededRandom } from '../support/seeded-random';

const PER_SECOND = 200;
const OUTAGES = drill({
  short: { count: 5, leastMs: 1000, mostMs: 3000 },
  full: { count: 20, leastMs: 1000, mostMs: 10_000 },
});
/** Reconnecting starts within the back-off's cap; a loaded machine is given the rest. */
const BACK_WITHIN_MS = 2000;
const LONG_OUTAGE_MS = 120_000;
const LONG_OUTAGE_BACK_WITHIN_MS = 15_000 + BACK_WITHIN_MS;

describe('outages of istiod under load', function () {
  this.timeout(drill({ short: 60_000, full: 600_000 }));
  let istiod: Istiod;
  let nacos: DevNacos | undefined;
  let app: App;
  let backend: Backend;

  before(async function () {
    peer(this, await istiodBinary());
    backend = await Backend.start((_request, response) => response.end('[mesh app v1 127.0.0.1]'));
    const service = serviceEntry({
      name: 'go-sc-b',
      endpoints: [{ address: '127.0.0.1', port: backend.port }],
    });
    istiod = peer(
      this,
      await startIstiod({ files: { 'service.yaml': service, 'routes.yaml': marked('before') } }),
    );
    nacos = await startDevNacos();
    app = await App.start(join(ROOT, 'examples', 'demo', 'legacy-app.js'), {
      env: { INMESH_XDS: `grpc://${istiod.xdsAddress}`, NACOS: nacos.address, POD_NAME: 'outage' },
    });
    assert.equal((await app.get('/go')).status, 200);
  });

  after(async () => {
    await app?.stop();
    await nacos?.stop();
    await istiod?.stop();
    await backend?.stop();
  });

  afterEach(function () {
    if (this.currentTest?.state === 'failed')
      console.log(app?.log().slice(-3000), istiod?.log().slice(-1000));
  });

  /** A rule for a header that only a probe sends, to see by which configuration calls go. */
  function marked(text: string): string {
    return virtualService('go-sc-b', [
      {
        match: [{ headers: { 'x-user': { exact: 'probe' } } }],
        directResponse: { status: 200, body: { string: text } },
      },
      { route: [{ destination: { host: hostOf('go-sc-b') } }] },
    ]);
  }

  async function isConnected(): Promise<true | undefined> {
    const page = await istiod.debug('/debug/connections').catch(() => '');
    return page.includes('outage.default') ? true : undefined;
  }

  it(`${OUTAGES.count} outages of ${OUTAGES.leastMs / 1000} to ${OUTAGES.mostMs / 1000} s`, async () => {
    const random = seededRandom(3);
    const load = new OpenLoad(() => app.get('/go'), PER_SECOND);
    const back: number[] = [];
    try {
      for (let i = 0; i < OUTAGES.count; i++) {
        await istiod.kill();
        await pause(OUTAGES.leastMs + random() * (OUTAGES.mostMs - OUTAGES.leastMs));
        await istiod.restart();
        back.push((await eventually('connected again', isConnected, 10_000)).ms);
      }
    } finally {
      const { sent, failures, slowestMs } = await load.stop();
      const times = back.map((ms) => ms.toFixed(0)).join(', ');
      console.log(
        `    ${sent} requests, ${failures.length} failed, slowest ${slowestMs.toFixed(0)} ms; back after ${times} ms`,
      );
      assert.deepEqual(failures, []);
    }
    assert.ok(Math.max(...back) <= BACK_WITHIN_MS, `back after ${back.join(', ')} ms`);
  });

  it('what changed in an outage is in force after it', async () => {
    assert.equal((await app.get('/go', { 'x-user': 'probe' })).body, '[legacy express] -> before\n');
    await istiod.kill();
    await istiod.write('routes.yaml', marked('after'));
    await istiod.restart();
    await eventually('the rule written during the outage', async () => {
      const { body } = await app.get('/go', { 'x-user': 'probe' });
      return body === '[legacy express] -> after\n' ? true : undefined;
    });
  });

  if (drill({ short: false, full: true })) {
    it('one outage of two minutes', async () => {
      const load = new OpenLoad(() => app.get('/go'), PER_SECOND);
      await istiod.kill();
      await pause(LONG_OUTAGE_MS);
      await istiod.restart();
      const { ms } = await eventually('connected again', isConnected, 60_000);
      const { sent, failures } = await load.stop();
      console.log(`    ${sent} requests, ${failures.length} failed; back after ${ms.toFixed(0)} ms`);
      assert.deepEqual(failures, []);
      assert.ok(ms <= LONG_OUTAGE_BACK_WITHIN_MS, `${ms} ms`);
    });
  }
});
