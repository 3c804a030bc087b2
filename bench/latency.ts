import { cleanEnvironment, freePort, isSkipped, LabProcess, startEnvoy, startIstiod } from '../lab';
import { type Bench, median, type Row } from './row';
import { programFile, serviceEntry, startBackend, underPreload } from './support';

const ROUNDS = 5;
const RATE = 500;
/** Requests in a slice, slices of each way in a round. */
const SLICE = 250;
const SLICES = 8;
const WARM_UP_SLICES = 4;

type Way = 'bare' | 'inmesh' | 'envoy';
const WAYS: readonly Way[] = ['bare', 'inmesh', 'envoy'];

interface Slice {
  readonly times: readonly number[];
  readonly failed: number;
}

/** Added latency of the same route: inmesh and Envoy as client sidecar, each less the bare call of the same round. */
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
      const loads = {
        bare: new Load(`http://127.0.0.1:${backend.port}/`),
        inmesh: new Load(`http://${host}/`, '-', underPreload(istiod.xdsAddress)),
        envoy: new Load(`http://127.0.0.1:${listener}/`, host),
      };
      try {
        return rows(await measure(loads));
      } finally {
        for (const way of WAYS) await loads[way].stop();
      }
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

  async slice(): Promise<readonly number[]> {
    const answer = this.process.message(isSlice);
    this.process.child.send('slice');
    const { times, failed } = await answer;
    if (failed > 0) throw new Error(`${failed} calls failed`);
    return times;
  }

  stop(): Promise<void> {
    return this.process.kill();
  }
}

function isSlice(message: unknown): message is Slice {
  return typeof (message as { failed?: unknown }).failed === 'number';
}

/** Milliseconds added by round. */
type Added = Record<'inmesh' | 'envoy', { readonly p50: number[]; readonly p99: number[] }>;

/** The ways take turns of half a second, so that all of them meet the same neighbours on the machine. */
async function measure(loads: Readonly<Record<Way, Load>>): Promise<Added> {
  const added: Added = { inmesh: { p50: [], p99: [] }, envoy: { p50: [], p99: [] } };
  for (const way of WAYS) for (let i = 0; i < WARM_UP_SLICES; i++) await loads[way].slice();
  for (let round = 0; round < ROUNDS; round++) {
    const times: Record<Way, number[]> = { bare: [], inmesh: [], envoy: [] };
    for (let i = 0; i < SLICES; i++) for (const way of WAYS) times[way].push(...(await loads[way].slice()));
    for (const way of ['inmesh', 'envoy'] as const) {
      added[way].p50.push(percentile(times[way], 0.5) - percentile(times.bare, 0.5));
      added[way].p99.push(percentile(times[way], 0.99) - percentile(times.bare, 0.99));
    }
  }
  return added;
}

function percentile(times: readonly number[], share: number): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
}

function rows(added: Added): Row[] {
  const us = (values: readonly number[]) => Math.round(median(values) * 1000);
  const budget = Math.max(us(added.envoy.p99) / 10, 50);
  return [
    {
      what: `added p99 at ${RATE}/s (Envoy as sidecar in the same rounds: ${us(added.envoy.p99)} µs)`,
      measured: `${us(added.inmesh.p99)} µs`,
      budget: `≤ ${Math.round(budget)} µs`,
      within: us(added.inmesh.p99) <= budget,
    },
    {
      what: `added p50 at ${RATE}/s (Envoy: ${us(added.envoy.p50)} µs)`,
      measured: `${us(added.inmesh.p50)} µs`,
      budget: '',
    },
  ];
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
