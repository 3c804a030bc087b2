import { cleanEnvironment, freePort, isSkipped, LabProcess, startEnvoy, startIstiod } from '../lab';
import { type Bench, median, type Row } from './row';
import { programFile, serviceEntry, startBackend, underPreload } from './support';

const ROUNDS = 5;
const RATE = 500;
/** Requests in a slice, slices of each process in a round. */
const SLICE = 250;
const SLICES = 12;
/** Requests: until then V8 compiles beside them. */
const WARM_UP = 40_000;

/** Two processes each, for what differs from process to process; Envoy's own way has hundreds to show. */
const LOADS = ['bare', 'bareAgain', 'inmesh', 'inmeshAgain', 'envoy'] as const;
type Times = Readonly<Record<(typeof LOADS)[number], number[]>>;

interface Slice {
  readonly times: readonly number[];
  readonly failed: number;
}

/**
 * Added latency of the same route: inmesh and Envoy as client sidecar, each less the bare calls of the same round.
 * What two bare processes differ by shows what such a difference is worth.
 */
export const latency: Bench = {
  name: 'latency',
  async run() {
    const backend = await startBackend();
    const istiod = await startIstiod({ files: { 'b.yaml': serviceEntry('go-sc-b', backend.port) } });
    if (isSkipped(istiod)) return istiod;
    const listener = await freePort();
    const envoy = await startEnvoy(sidecar(listener, backend.port));
    try {
      if (isSkipped(envoy)) return envoy;
      const host = 'go-sc-b.default.svc.cluster.local';
      const bare = () => new Load(`http://127.0.0.1:${backend.port}/`);
      const inmesh = () => new Load(`http://${host}/`, '-', underPreload(istiod.xdsAddress));
      const rounds: Times[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        rounds.push(
          await measure({
            bare: bare(),
            bareAgain: bare(),
            inmesh: inmesh(),
            inmeshAgain: inmesh(),
            envoy: new Load(`http://127.0.0.1:${listener}/`, host),
          }),
        );
      }
      return rows(rounds);
    } finally {
      if (!isSkipped(envoy)) await envoy.stop();
      await istiod.stop();
      await backend.stop();
    }
  },
};

/** One process that makes the load of one way. */
class Load {
  private readonly process: LabProcess;

  constructor(url: string, host = '-', env: NodeJS.ProcessEnv = cleanEnvironment()) {
    const args = [programFile('open-loop'), url, host, String(RATE), String(SLICE)];
    this.process = new LabProcess('open-loop', process.execPath, args, { env, ipc: true });
  }

  slice(): Promise<readonly number[]> {
    return this.ask('slice');
  }

  async warmUp(): Promise<void> {
    await this.ask(WARM_UP);
  }

  stop(): Promise<void> {
    return this.process.kill();
  }

  private async ask(what: 'slice' | number): Promise<readonly number[]> {
    const answer = this.process.message(isSlice);
    this.process.child.send(what);
    const { times, failed } = await answer;
    if (failed > 0) throw new Error(`${failed} calls failed`);
    return times;
  }
}

function isSlice(message: unknown): message is Slice {
  return typeof (message as { failed?: unknown }).failed === 'number';
}

/** Milliseconds. The processes take turns of half a second, so that all of them meet the same neighbours. */
async function measure(loads: Readonly<Record<keyof Times, Load>>): Promise<Times> {
  try {
    const times: Times = { bare: [], bareAgain: [], inmesh: [], inmeshAgain: [], envoy: [] };
    for (const load of LOADS) await loads[load].warmUp();
    for (let i = 0; i < SLICES; i++)
      for (const load of LOADS) times[load].push(...(await loads[load].slice()));
    return times;
  } finally {
    for (const load of LOADS) await loads[load].stop();
  }
}

function percentile(times: readonly number[], share: number): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
}

function rows(rounds: readonly Times[]): Row[] {
  const bare = (times: Times) => [...times.bare, ...times.bareAgain];
  const inmesh = (times: Times) => [...times.inmesh, ...times.inmeshAgain];
  const added = (ours: (times: Times) => number[], base: (times: Times) => number[], share: number) =>
    new Added(
      rounds.map((times) => (percentile(ours(times), share) - percentile(base(times), share)) * 1000),
    );
  const p99 = added(inmesh, bare, 0.99);
  const envoy = added((times) => times.envoy, bare, 0.99);
  const noise = (share: number) =>
    added(
      (times) => times.bareAgain,
      (times) => times.bare,
      share,
    );
  const budget = Math.max(envoy.median / 10, 50);
  return [
    {
      what: `added p99 at ${RATE}/s (Envoy as sidecar in the same rounds: ${envoy.median} µs)`,
      measured: `${p99}`,
      budget: `≤ ${Math.round(budget)} µs`,
      within: p99.median <= budget,
    },
    {
      what: `added p50 at ${RATE}/s (Envoy: ${added((times) => times.envoy, bare, 0.5).median} µs)`,
      measured: `${added(inmesh, bare, 0.5)}`,
      budget: '',
    },
    {
      what: 'one bare process less the other, p99; p50',
      measured: `${noise(0.99)}; ${noise(0.5)}`,
      budget: '',
    },
  ];
}

/** What was added in each round, µs. */
class Added {
  readonly median: number;

  constructor(readonly rounds: readonly number[]) {
    this.median = Math.round(median(rounds));
  }

  toString(): string {
    const [least, most] = [Math.min(...this.rounds), Math.max(...this.rounds)];
    return `${this.median} µs (${Math.round(least)} to ${Math.round(most)})`;
  }
}

/** Envoy as istiod would configure the client's side of the same route. */
function sidecar(port: number, backendPort: number): Record<string, unknown> {
  const address = (number: number) => ({ socket_address: { address: '127.0.0.1', port_value: number } });
  const manager = {
    '@type':
      'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    stat_prefix: 'outbound',
    normalize_path: true,
    route_config: {
      virtual_hosts: [
        {
          name: 'go-sc-b',
          domains: ['*'],
          include_request_attempt_count: true,
          routes: [
            {
              match: { prefix: '/' },
              route: {
                cluster: 'b',
                timeout: '0s',
                retry_policy: { retry_on: 'connect-failure,refused-stream', num_retries: 2 },
              },
            },
          ],
        },
      ],
    },
    http_filters: [
      {
        name: 'envoy.filters.http.router',
        typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router' },
      },
    ],
  };
  return {
    static_resources: {
      listeners: [
        {
          name: 'outbound',
          address: address(port),
          filter_chains: [
            { filters: [{ name: 'envoy.filters.network.http_connection_manager', typed_config: manager }] },
          ],
        },
      ],
      clusters: [
        {
          name: 'b',
          type: 'STATIC',
          lb_policy: 'LEAST_REQUEST',
          load_assignment: {
            cluster_name: 'b',
            endpoints: [{ lb_endpoints: [{ endpoint: { address: address(backendPort) } }] }],
          },
        },
      ],
    },
  };
}
