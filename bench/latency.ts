import { freePort, isSkipped, startEnvoy, startIstiod } from '../lab';
import { type Bench, median, type Row } from './row';
import { program, serviceEntry, startBackend, underPreload } from './support';

const ROUNDS = 5;
const RATE = 500;
const SECONDS = 4;

interface Percentiles {
  p50: number;
  p99: number;
  failed: number;
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
      const load = (url: string, host: string, env?: NodeJS.ProcessEnv) =>
        program<Percentiles>('open-loop', [url, host, String(RATE), String(SECONDS)], env);
      const host = 'go-sc-b.default.svc.cluster.local';
      const added = {
        inmesh: { p50: [] as number[], p99: [] as number[] },
        envoy: { p50: [] as number[], p99: [] as number[] },
      };
      for (let round = 0; round < ROUNDS; round++) {
        const bare = await load(`http://127.0.0.1:${backend.port}/`, '-');
        const inmesh = await load(`http://${host}/`, '-', underPreload(istiod.xdsAddress));
        const proxied = await load(`http://127.0.0.1:${listener}/`, host);
        for (const [name, result] of [['inmesh', inmesh] as const, ['envoy', proxied] as const]) {
          if (result.failed > 0) throw new Error(`${name}: ${result.failed} calls failed`);
          added[name].p50.push(result.p50 - bare.p50);
          added[name].p99.push(result.p99 - bare.p99);
        }
      }
      return rows(added);
    } finally {
      if (!isSkipped(envoy)) await envoy.stop();
      await istiod.stop();
      await backend.stop();
    }
  },
};

function rows(added: Record<'inmesh' | 'envoy', { p50: number[]; p99: number[] }>): Row[] {
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
