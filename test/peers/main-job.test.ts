/**
 * The main job on a real istiod: an unmodified Express application calls `http://go-sc-b/…`. The tests are steps
 * of one story, in order.
 */
import { strict as assert } from 'node:assert';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Istiod, istiodBinary, NODE_VERSIONS, nodeVersion, startIstiod } from '../../lab';
import { type DevNacos, startDevNacos } from '../../src/dev/nacos';
import { App, ROOT } from '../support/app';
import { type Instance, startInstance } from '../support/backend';
import { Caller } from '../support/caller';
import { OpenLoad } from '../support/load';
import {
  destinationRule,
  hostOf,
  serviceEntry,
  VERSION_SUBSETS,
  virtualService,
  yaml,
} from '../support/mesh-yaml';
import { peer } from '../support/peer';

const HOST = hostOf('go-sc-b');
const CALLS = 1000;
/** 10 % of 1000 within five standard deviations. */
const SPLIT = { least: 53, most: 147 };

/** Beta users see v2; of all others `toV2` percent do. Failed connections and resets are tried elsewhere. */
function routes(toV2: number): string {
  const to = (subset: string, weight?: number) => ({ destination: { host: HOST, subset }, weight });
  return virtualService('go-sc-b', [
    { match: [{ headers: { 'x-user': { exact: 'beta' } } }], route: [to('v2')] },
    {
      retries: { attempts: 3, retryOn: 'connect-failure,refused-stream,reset' },
      route: [to('v1', 100 - toV2), to('v2', toV2)],
    },
  ]);
}

describe('the main job on a real istiod', function () {
  this.timeout(60_000);
  let istiod: Istiod;
  let nacos: DevNacos | undefined;
  let app: App;
  const instances: Instance[] = [];

  before(async function () {
    peer(this, await istiodBinary());
    for (const [version, address] of [
      ['v1', '127.0.0.11'],
      ['v1', '127.0.0.12'],
      ['v2', '127.0.0.21'],
    ] as const) {
      instances.push(await startInstance(version, address));
    }
    const service = yaml(
      serviceEntry({
        name: 'go-sc-b',
        addresses: ['240.0.0.11'],
        endpoints: instances.map(({ endpoint }) => endpoint),
      }),
      destinationRule('go-sc-b', {
        trafficPolicy: { loadBalancer: { simple: 'ROUND_ROBIN' } },
        subsets: VERSION_SUBSETS,
      }),
    );
    istiod = peer(this, await startIstiod({ files: { 'service.yaml': service, 'routes.yaml': routes(10) } }));
    nacos = await startDevNacos();
    app = await App.start(join(ROOT, 'examples', 'demo', 'legacy-app.js'), {
      env: { INMESH_XDS: `grpc://${istiod.xdsAddress}`, NACOS: nacos.address },
    });
  });

  after(async () => {
    await app?.stop();
    await nacos?.stop();
    await istiod?.stop();
    for (const instance of instances) await instance.kill();
  });

  afterEach(function () {
    if (this.currentTest?.state === 'failed') console.log(app?.log().slice(-3000), istiod?.log().slice(-500));
  });

  /** Which version and instance answered. */
  function answered(body: string): { version: string; address: string } {
    const found = /^\[legacy express\] -> \[mesh app (v\d) ([\d.]+)\]\n$/.exec(body);
    assert.ok(found, `not an answer of the mesh: ${body}`);
    return { version: found[1]!, address: found[2]! };
  }

  it('the very first call of a process is already right', async () => {
    answered((await app.get('/go')).body);
    for (const url of [
      'http://go-sc-b/hello',
      `http://${HOST}/hello`,
      'http://go-sc-b.default:80/',
      'http://240.0.0.11/',
    ]) {
      const caller = await Caller.start({ env: { INMESH_XDS: `grpc://${istiod.xdsAddress}` } });
      const { status, body, error } = await caller.call(url);
      await caller.stop();
      assert.match(`${url}: ${status ?? error} ${body}`, /: 200 \[mesh app v[12] /);
    }
  });

  for (const line of Object.keys(NODE_VERSIONS)) {
    it(`the first call is right on Node ${line}`, async function () {
      const node = peer(this, await nodeVersion(line));
      const caller = await Caller.start({ node, env: { INMESH_XDS: `grpc://${istiod.xdsAddress}` } });
      const { status, body, error } = await caller.call('http://go-sc-b/hello', {
        headers: { 'x-user': 'beta' },
      });
      const log = caller.log();
      await caller.stop();
      assert.match(`${status ?? error} ${body} ${log}`, /^200 \[mesh app v2 /);
    });
  }

  it('90 of 100 calls reach v1, 10 reach v2', async () => {
    const counts = new Map<string, number>();
    for (let i = 0; i < CALLS / 20; i++) {
      const answers = await Promise.all(Array.from({ length: 20 }, () => app.get('/go')));
      for (const { body } of answers) {
        const { version, address } = answered(body);
        for (const key of [version, address]) counts.set(key, (counts.get(key) ?? 0) + 1);
      }
    }
    const v2 = counts.get('v2') ?? 0;
    console.log(`    split of ${CALLS}: v1 ${counts.get('v1')}, v2 ${v2}`);
    assert.ok(v2 >= SPLIT.least && v2 <= SPLIT.most, `v2 got ${v2} of ${CALLS}`);
    const [a, b] = [counts.get('127.0.0.11') ?? 0, counts.get('127.0.0.12') ?? 0];
    assert.ok(Math.abs(a - b) <= 20, `round robin over v1's instances: ${a} and ${b}`);
  });

  it('a header leads to the canary', async () => {
    for (let i = 0; i < 20; i++) {
      assert.equal(answered((await app.get('/go', { 'x-user': 'beta' })).body).version, 'v2');
    }
  });

  it('an instance killed under load costs no request', async () => {
    const load = new OpenLoad(() => app.get('/go?ms=100'), 200);
    await pause(500);
    const inFlight = load.inFlight;
    await instances[0]!.kill();
    await pause(1500);
    const { sent, failures } = await load.stop();
    console.log(`    killed with ${inFlight} in flight: ${sent} requests, ${failures.length} failed`);
    assert.ok(inFlight >= 8, `only ${inFlight} in flight`);
    assert.deepEqual(failures, []);
  });

  it('an edit of the YAML takes effect', async () => {
    let lastV1 = 0;
    const load = new OpenLoad(
      () => app.get('/go'),
      100,
      ({ body }, sentAt) => {
        if (answered(body).version === 'v1') lastV1 = Math.max(lastV1, sentAt);
      },
    );
    await pause(300);
    const edited = performance.now();
    await istiod.write('routes.yaml', routes(100));
    await pause(2000);
    const { failures } = await load.stop();
    const ms = lastV1 - edited;
    console.log(`    the last call by the old rule was sent ${ms.toFixed(0)} ms after the edit`);
    assert.deepEqual(failures, []);
    assert.ok(ms < 1500, `${ms} ms`);
  });

  it('traffic goes on while istiod is stopped', async () => {
    await istiod.terminate();
    const load = new OpenLoad(() => app.get('/go'), 200);
    await pause(2000);
    const { sent, failures } = await load.stop();
    console.log(`    without istiod: ${sent} requests, ${failures.length} failed`);
    assert.deepEqual(failures, []);
  });

  it('after its return, edits take effect again', async () => {
    await istiod.restart();
    await istiod.write('routes.yaml', routes(0));
    const deadline = performance.now() + 10_000;
    for (let inARow = 0; inARow < 20; ) {
      inARow = answered((await app.get('/go')).body).version === 'v1' ? inARow + 1 : 0;
      assert.ok(performance.now() < deadline, 'the new rule did not arrive');
      await pause(10);
    }
  });
});
