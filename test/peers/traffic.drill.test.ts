/**
 * Changes under 500 calls a second, beside a real Envoy that gets the same calls and the same changes: the exact count
 * of failed calls of each, ours not higher.
 */

import { strict as assert } from 'node:assert';
import { setTimeout as pause } from 'node:timers/promises';
import { DrillBackend, DrillWorld, failures, type Reports } from '../support/drill-world';
import { drill, peer } from '../support/peer';

const RATE = 500;
/** Before and after what happens. */
const CALM_MS = drill({ short: 1_000, full: 15_000 });
const ROUNDS = drill({ short: 1, full: 5 });
const ROUTE_CHANGES_MS = drill({ short: 4_000, full: 60_000 });
const CHANGES_PER_SECOND = 50;
/** What a call takes at a backend, so that some are on their way at any moment. */
const TAKES_MS = 10;
const SLOW_MS = 400;

describe('traffic under change, inmesh beside Envoy', function () {
  this.timeout(drill({ short: 90_000, full: 600_000 }));
  let world: DrillWorld;
  const backends: DrillBackend[] = [];
  let services = 0;

  before(async function () {
    world = peer(this, await DrillWorld.start());
  });

  afterEach(async function () {
    if (this.currentTest?.state === 'failed') {
      world?.abort();
      console.log(world?.log());
    }
    await Promise.all(backends.splice(0).map((backend) => backend.kill()));
  });

  after(() => world?.stop());

  async function start(count: number, delayMs = TAKES_MS): Promise<DrillBackend[]> {
    const first = backends.length;
    const started = await Promise.all(
      Array.from({ length: count }, (_, at) => DrillBackend.start(`b${first + at + 1}`, delayMs)),
    );
    backends.push(...started);
    return started;
  }

  /** A new host, so that nothing is left of an earlier drill. */
  function newHost(): string {
    return `drill-${++services}.test`;
  }

  /** What both follow from now on. `zones`: of the endpoints, in order. */
  function serve(host: string, endpoints: readonly DrillBackend[], more: Partial<Extras> = {}): void {
    const { http = [], trafficPolicy = { tls: { mode: 'DISABLE' } }, zones = [] } = more;
    const metadata = { name: 'drill', namespace: 'default' };
    const apiVersion = 'networking.istio.io/v1';
    const reload = world.plane.update([
      {
        apiVersion,
        kind: 'ServiceEntry',
        metadata,
        spec: {
          hosts: [host],
          location: 'MESH_EXTERNAL',
          resolution: 'STATIC',
          ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
          endpoints: endpoints.map(({ port }, at) => ({
            address: '127.0.0.1',
            ports: { http: port },
            locality: `r/${zones[at] ?? 'a'}`,
          })),
        },
      },
      { apiVersion, kind: 'DestinationRule', metadata, spec: { host, trafficPolicy } },
      ...(http.length === 0
        ? []
        : [{ apiVersion, kind: 'VirtualService', metadata, spec: { hosts: [host], http } }]),
    ]);
    assert.deepEqual(reload.problems, []);
  }

  function say(what: string, { envoy, inmesh }: Reports): void {
    const text = (name: string, one: Reports['envoy']) =>
      `${name} ${failures(one)} of ${one.sent} failed ${failures(one) > 0 ? JSON.stringify(one.failed) : ''}(slowest ${one.slowest.toFixed(0)} ms)`;
    console.log(`    ${what}: ${text('inmesh', inmesh)}; ${text('Envoy', envoy)}`);
  }

  function noFailures({ envoy, inmesh }: Reports): void {
    assert.deepEqual(inmesh.failed, {});
    assert.ok(failures(envoy) >= 0);
  }

  it('endpoints added and taken away again', async () => {
    const [first, ...others] = await start(4);
    const host = newHost();
    serve(host, [first!]);
    await world.begin(host, RATE, ['b1']);
    for (let round = 0; round < ROUNDS; round++) {
      serve(host, backends);
      await world.answeredBy(others.map(({ name }) => name));
      await pause(CALM_MS);
      serve(host, [first!]);
      await pause(CALM_MS);
    }
    const reports = await world.end();
    say('endpoints added and taken away', reports);
    noFailures(reports);
  });

  it('endpoints drained: out of the mesh first, then gone', async () => {
    const host = newHost();
    await start(2 + ROUNDS);
    serve(host, backends);
    await world.begin(host, RATE, ['b1', 'b2']);
    const left = [...backends];
    for (let round = 0; round < ROUNDS; round++) {
      const gone = left.pop()!;
      serve(host, left);
      await pause(CALM_MS);
      gone.drain();
      await pause(CALM_MS);
    }
    const reports = await world.end();
    say('endpoints drained', reports);
    noFailures(reports);
  });

  it('endpoints killed while they answer', async () => {
    const host = newHost();
    await start(3 + ROUNDS);
    serve(host, backends, {
      trafficPolicy: {
        outlierDetection: { consecutive5xxErrors: 3, interval: '1s', maxEjectionPercent: 50 },
      },
    });
    await world.begin(host, RATE, ['b1', 'b2', 'b3']);
    await pause(CALM_MS);
    const left = [...backends];
    for (let round = 0; round < ROUNDS; round++) {
      await left.pop()!.kill();
      await pause(CALM_MS);
      serve(host, left);
      await pause(CALM_MS);
    }
    const reports = await world.end();
    say('endpoints killed', reports);
    assert.ok(failures(reports.inmesh) <= failures(reports.envoy), 'more failed than at Envoy');
  });

  it('an endpoint slowed: the others take its load', async () => {
    const host = newHost();
    const [slow] = await start(4);
    serve(host, backends, { trafficPolicy: { loadBalancer: { simple: 'LEAST_REQUEST' } } });
    await world.begin(host, RATE, ['b1', 'b2', 'b3', 'b4']);
    const before = await world.report();
    slow!.slow(SLOW_MS);
    await pause(3 * CALM_MS);
    const reports = await world.end();
    say('an endpoint slowed', reports);
    const share = (side: 'envoy' | 'inmesh') =>
      (reports[side].ok['b1']! - before[side].ok['b1']!) / (reports[side].sent - before[side].sent);
    console.log(
      `    calls to it: inmesh ${(100 * share('inmesh')).toFixed(1)} %, Envoy ${(100 * share('envoy')).toFixed(1)} %`,
    );
    noFailures(reports);
    assert.ok(share('inmesh') <= Math.max(0.2, share('envoy') * 1.5), 'it takes more than at Envoy');
  });

  it(`${CHANGES_PER_SECOND} route changes a second`, async () => {
    const host = newHost();
    await start(2);
    serve(host, backends, { http: rules(host, 0) });
    await world.begin(host, RATE, ['b1', 'b2']);
    const began = performance.now();
    let changes = 0;
    for (let ms = 0; ms < ROUTE_CHANGES_MS; ms = performance.now() - began) {
      // By the clock: a change that comes late does not make the next one late.
      while (changes < (ms / 1000) * CHANGES_PER_SECOND)
        serve(host, backends, { http: rules(host, ++changes) });
      await pause(5);
    }
    const reports = await world.end();
    say(`${changes} route changes in ${ROUTE_CHANGES_MS / 1000} s`, reports);
    noFailures(reports);
  });

  it('a zone is lost: the other one takes over', async () => {
    const host = newHost();
    const own = await start(2);
    await start(2);
    const zones = ['a', 'a', 'b', 'b'];
    serve(host, backends, {
      zones,
      trafficPolicy: {
        outlierDetection: {
          consecutive5xxErrors: 3,
          interval: '1s',
          baseEjectionTime: '60s',
          maxEjectionPercent: 100,
        },
      },
    });
    await world.begin(host, RATE, ['b1', 'b2']);
    await pause(CALM_MS);
    const before = await world.report();
    assert.equal(before.inmesh.ok['b3'], undefined, 'the own zone is taken');
    await Promise.all(own.map((backend) => backend.kill()));
    await world.answeredBy(['b3', 'b4']);
    await pause(CALM_MS);
    const reports = await world.end();
    say('a zone lost', reports);
    assert.ok(failures(reports.inmesh) <= failures(reports.envoy), 'more failed than at Envoy');
  });
});

interface Extras {
  readonly http: readonly object[];
  readonly trafficPolicy: object;
  readonly zones: readonly string[];
}

/** Rules that differ in everything but their destination. */
function rules(host: string, round: number): object[] {
  const route = [{ destination: { host } }];
  const headers = { request: { set: { 'x-round': String(round) } } };
  const first = { match: [{ headers: { 'x-none': { exact: String(round) } } }], route, headers };
  const last = { route, headers, ...(round % 2 === 0 ? {} : { timeout: '60s' }) };
  return [...Array.from({ length: round % 5 }, () => first), last];
}
