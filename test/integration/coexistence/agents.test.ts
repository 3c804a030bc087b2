/**
 * Must-hold 8: APM agents and HTTP mocks in the same process, loaded before and after the preload. A client span for
 * each call of the application (one, however often the mesh tries), its propagation header at the backend, the call
 * still routed by the mesh; mocks answer, for mesh hosts too. `INMESH_NODE_LINES` narrows the lines.
 */

import { deepStrictEqual, ok, strictEqual } from 'node:assert';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cleanEnvironment, LabProcess, nodeVersion, npmSet } from '../../../lab';
import { ROOT } from '../../support/app';
import { Collector } from '../../support/collector';
import { NODE_LINES } from '../../support/matrix-clients';
import { MatrixWorld } from '../../support/matrix-world';

interface Guest {
  readonly label: string;
  /** File in fixtures/agents/setup. */
  readonly setup: string;
  /** Folder of fixtures/agents with its package and lock. */
  readonly set: 'latest' | 'older';
  /** Package to load, where the set has several. */
  readonly package?: string;
  /** Node lines that it supports and is meant for. */
  readonly lines: readonly number[];
  /** Header that it sends with a call; a mock has none. */
  readonly header?: string;
  /**
   * A mock that puts an agent of its own under every call and plays the server's side of the socket: what it lets
   * through to a mesh host goes where the host's name leads, and is not routed.
   */
  readonly ownsSockets?: boolean;
}

const ALL = [18, 20, 22, 24, 26];
const NEW = [22, 24, 26];

const GUESTS: readonly Guest[] = [
  { label: 'OpenTelemetry (latest)', setup: 'otel', set: 'latest', lines: NEW, header: 'traceparent' },
  {
    label: 'OpenTelemetry (for Node 18)',
    setup: 'otel',
    set: 'older',
    lines: [18, 20],
    header: 'traceparent',
  },
  { label: 'dd-trace 6', setup: 'dd-trace', set: 'latest', lines: NEW, header: 'x-datadog-trace-id' },
  { label: 'dd-trace 5', setup: 'dd-trace', set: 'older', lines: [18, 20], header: 'x-datadog-trace-id' },
  { label: 'elastic-apm-node 4', setup: 'elastic', set: 'latest', lines: ALL, header: 'traceparent' },
  { label: 'nock 13', setup: 'nock', set: 'older', package: 'nock13', lines: ALL },
  { label: 'nock 14', setup: 'nock', set: 'older', package: 'nock', lines: ALL, ownsSockets: true },
  { label: 'nock 15', setup: 'nock', set: 'latest', package: 'nock', lines: NEW, ownsSockets: true },
  // Later ones require an ES module, which Node 18 cannot.
  { label: 'msw 2.8', setup: 'msw', set: 'older', package: 'msw-node18', lines: [18], ownsSockets: true },
  { label: 'msw 2', setup: 'msw', set: 'older', package: 'msw', lines: [20, ...NEW], ownsSockets: true },
  { label: 'msw 3', setup: 'msw', set: 'latest', package: 'msw', lines: NEW, ownsSockets: true },
];

const PRELOAD = join(ROOT, 'preload.js');
const AGENTS = join(ROOT, 'fixtures', 'agents');
const SPANS_MS = 10_000;

describe('coexistence', function () {
  this.timeout(120_000);
  this.slow(60_000);
  let world: MatrixWorld;
  const modules: Record<string, string> = {};

  before(async () => {
    world = await MatrixWorld.start();
    for (const set of ['latest', 'older']) {
      const installed = await npmSet(`agents-${set}`, join(AGENTS, set));
      if (typeof installed !== 'string') throw new Error(installed.skipped);
      modules[set] = installed;
    }
  });

  after(() => world?.stop());

  for (const guest of GUESTS) {
    for (const line of guest.lines.filter((one) => NODE_LINES.includes(one))) {
      for (const order of ['before', 'after'] as const) {
        it(`${guest.label} on Node ${line}, loaded ${order} the preload`, async () => {
          const node = await nodeVersion(line);
          if (typeof node !== 'string') throw new Error(node.skipped);
          const { calls, spans } = await runApplication(guest, order, node);
          if (!guest.ownsSockets) checkRouting(calls, guest);
          if (guest.header) checkTracing(calls, spans, guest.header);
          else checkMocks(calls);
        });
      }
    }
  }

  async function runApplication(guest: Guest, order: 'before' | 'after', node: string): Promise<Told> {
    const collector = await Collector.start();
    const setup = join(AGENTS, 'setup', `${guest.setup}.js`);
    const preloads = order === 'before' ? [setup, PRELOAD] : [PRELOAD, setup];
    let told: Told | undefined;
    const app = new LabProcess(guest.label, node, [join(AGENTS, 'app.js')], {
      cwd: world.folder,
      env: cleanEnvironment({
        NODE_OPTIONS: preloads.map((file) => `--require "${file}"`).join(' '),
        NODE_NO_WARNINGS: '1',
        INMESH_XDS: `grpc://127.0.0.1:${world.planePort}`,
        INMESH_FIRST_USE_TIMEOUT: '10000',
        POD_NAMESPACE: 'default',
        FIXTURE_MODULES: modules[guest.set],
        FIXTURE_PACKAGE: guest.package,
        FIXTURE_COLLECTOR: collector.url,
        FIXTURE_OUTSIDE: `http://127.0.0.1:${world.ports.a}/echo`,
      }),
      onLine: (text) => {
        if (text.startsWith('{"calls"')) told = JSON.parse(text);
      },
    });
    try {
      await app.untilReady(async () => told !== undefined, 60_000);
      const deadline = Date.now() + SPANS_MS;
      const spans = () => told!.spans ?? collector.clientSpans.map(String);
      while (guest.header && meshSpans(spans()).length < 2 && Date.now() < deadline) await sleep(20);
      return { calls: told!.calls, spans: spans() };
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${app.log.slice(-3000)}`);
    } finally {
      await app.kill();
      await collector.stop();
    }
  }
});

interface Told {
  readonly calls: Readonly<Record<string, { status?: number; text?: string; error?: string }>>;
  /** URLs of client spans. */
  readonly spans?: readonly string[];
}

function meshSpans(urls: readonly string[]): string[] {
  return urls
    .filter((url) => url.includes('.matrix.test'))
    .map((url) => new URL(url).pathname)
    .sort();
}

/** The header rule led to the second version; the 503 was retried. */
function checkRouting(calls: Told['calls'], guest: Guest): void {
  strictEqual(calls['canary']?.status, 200, `${guest.label}: ${JSON.stringify(calls)}`);
  strictEqual(JSON.parse(calls['canary'].text!).instance, 'b');
  strictEqual(calls['retried']?.status, 200, JSON.stringify(calls['retried']));
}

function checkTracing(calls: Told['calls'], spans: readonly string[] | undefined, header: string): void {
  deepStrictEqual(meshSpans(spans ?? []), ['/echo', '/flaky'], 'one client span for each call');
  for (const name of ['canary', 'retried']) {
    ok(JSON.parse(calls[name]!.text!).headers[header], `${name} arrives with ${header}`);
  }
}

function checkMocks(calls: Told['calls']): void {
  deepStrictEqual(calls['mockedMesh'], { status: 200, text: 'mocked' });
  strictEqual(calls['letThrough']?.status, 200, JSON.stringify(calls['letThrough']));
  deepStrictEqual(calls['mockedElsewhere'], { status: 200, text: 'mocked' });
}
