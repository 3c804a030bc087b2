/**
 * The same load, the same control plane, two ways: a process before a real Envoy, and one under the preload. Both
 * follow `inmesh dev`, so that a change reaches them in the same moment.
 */

import { join } from 'node:path';
import {
  cleanEnvironment,
  type Envoy,
  freePort,
  isSkipped,
  LabProcess,
  type Skipped,
  startEnvoy,
} from '../../lab';
import { type DevControlPlane, startDevControlPlane } from '../../src/dev';
import { ensureBuilt, ROOT } from './app';

export interface LoadReport {
  readonly sent: number;
  readonly pending: number;
  /** Answers with 200, by body: the backend's name. */
  readonly ok: Readonly<Record<string, number>>;
  /** Everything else, by status and text or error. */
  readonly failed: Readonly<Record<string, number>>;
  /** Milliseconds. */
  readonly slowest: number;
}

export interface Reports {
  readonly envoy: LoadReport;
  readonly inmesh: LoadReport;
}

/** A backend in a process of its own. */
export class DrillBackend {
  private constructor(
    readonly name: string,
    readonly port: number,
    private readonly process: LabProcess,
  ) {}

  static async start(name: string, delayMs = 0): Promise<DrillBackend> {
    const file = join(ROOT, 'fixtures', 'apps', 'drill-backend.js');
    const child = new LabProcess(name, process.execPath, [file, name, String(delayMs)], { ipc: true });
    const { port } = await child.message((message): message is { port: number } => message !== null);
    return new DrillBackend(name, port, child);
  }

  slow(ms: number): void {
    this.process.child.send(ms);
  }

  /** Takes no more connections, finishes what it has, ends. */
  drain(): void {
    this.process.child.send('drain');
  }

  kill(): Promise<void> {
    return this.process.kill();
  }
}

export class DrillWorld {
  private constructor(
    readonly plane: DevControlPlane,
    private readonly envoy: Envoy,
    private readonly entrance: number,
    private readonly loads: { readonly envoy: LabProcess; readonly inmesh: LabProcess },
  ) {}

  static async start(): Promise<DrillWorld | Skipped> {
    const plane = await startDevControlPlane({ objects: [] });
    const entrance = await freePort();
    const envoy = await startEnvoy(bootstrap(plane.address, entrance));
    if (isSkipped(envoy)) {
      await plane.stop();
      return envoy;
    }
    await ensureBuilt();
    const load = (env: Readonly<Record<string, string>>) =>
      new LabProcess('load', process.execPath, [join(ROOT, 'fixtures', 'apps', 'drill-load.js')], {
        ipc: true,
        env: cleanEnvironment(env),
      });
    const loads = {
      envoy: load({}),
      inmesh: load({
        NODE_OPTIONS: `--require "${ROOT}/preload.js"`,
        INMESH_XDS: `grpc://${plane.address}`,
        INMESH_LOCALITY: 'r/a',
        INMESH_LOG: 'error',
        INMESH_FIRST_USE_TIMEOUT: '20s',
        POD_NAME: 'drill',
        INSTANCE_IP: '127.0.0.1',
      }),
    };
    await Promise.all([loads.envoy, loads.inmesh].map((one) => one.message(isAny)));
    return new DrillWorld(plane, envoy, entrance, loads);
  }

  /** Both begin to call `host`, as often a second; resolves when all of these names have answered both. */
  async begin(host: string, rate: number, names: readonly string[]): Promise<void> {
    // Envoy has its clusters when the first call through it is answered; until then nothing counts.
    const url = `http://127.0.0.1:${this.entrance}/`;
    await until(`Envoy to know ${host}`, async () => {
      const answer = await fetchOnce(this.entrance, host);
      return answer === 200;
    });
    this.loads.envoy.child.send({ url, host, rate });
    this.loads.inmesh.child.send({ url: `http://${host}/`, rate });
    await this.answeredBy(names);
  }

  /** Resolves when all of these names have answered on both sides. */
  async answeredBy(names: readonly string[]): Promise<void> {
    await until(`answers of ${names.join(', ')}`, async () => {
      const { envoy, inmesh } = await this.report();
      return [envoy, inmesh].every(({ ok }) => names.every((name) => (ok[name] ?? 0) > 0));
    });
  }

  async report(): Promise<Reports> {
    return { envoy: await this.ask('envoy', 'report'), inmesh: await this.ask('inmesh', 'report') };
  }

  /** No more calls; what was answered, once all were. */
  async end(): Promise<Reports> {
    const [envoy, inmesh] = await Promise.all([this.ask('envoy', 'stop'), this.ask('inmesh', 'stop')]);
    return { envoy, inmesh };
  }

  /** No more calls, whatever becomes of those on their way: after a drill that failed. */
  abort(): void {
    for (const load of [this.loads.envoy, this.loads.inmesh]) load.child.send('abort');
  }

  log(): string {
    return `Envoy: ${this.envoy
      .log()
      .split('\n')
      .filter((line) => !/Deprecated field|original_dst/.test(line))
      .join('\n')
      .slice(-2000)}\ninmesh: ${this.loads.inmesh.log.slice(-2000)}`;
  }

  async stop(): Promise<void> {
    await Promise.all([this.loads.envoy.kill(), this.loads.inmesh.kill(), this.envoy.kill()]);
    await this.plane.stop();
  }

  private ask(side: 'envoy' | 'inmesh', what: 'report' | 'stop'): Promise<LoadReport> {
    const answer = this.loads[side].message((message): message is LoadReport => message !== null);
    this.loads[side].child.send(what);
    return answer;
  }
}

/** Failed calls in all. */
export function failures({ failed }: LoadReport): number {
  return Object.values(failed).reduce((sum, count) => sum + count, 0);
}

async function fetchOnce(port: number, host: string): Promise<number> {
  const { get } = await import('node:http');
  return new Promise((resolve) => {
    get({ host: '127.0.0.1', port, agent: false, headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    }).on('error', () => resolve(0));
  });
}

async function until(what: string, check: () => Promise<boolean>, timeoutMs = 30_000): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!(await check())) {
    if (Date.now() > end) throw new Error(`waited ${timeoutMs} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function isAny(message: unknown): message is object {
  return message !== null;
}

/** A sidecar whose clusters, endpoints and routes of port 80 come from the control plane. */
function bootstrap(address: string, entrance: number): Record<string, unknown> {
  const [host, port] = address.split(':');
  const at = (name: string | undefined, number: number) => ({
    socket_address: { address: name, port_value: number },
  });
  const ads = { ads: {}, resource_api_version: 'V3' };
  const manager = {
    '@type':
      'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    stat_prefix: 'outbound',
    normalize_path: true,
    rds: { route_config_name: '80', config_source: ads },
    http_filters: ['fault.v3.HTTPFault', 'cors.v3.Cors', 'router.v3.Router'].map((type) => ({
      name: `envoy.filters.http.${type.split('.')[0]}`,
      typed_config: { '@type': `type.googleapis.com/envoy.extensions.filters.http.${type}` },
    })),
  };
  return {
    node: {
      id: 'sidecar~127.0.0.1~envoy.default~default.svc.cluster.local',
      cluster: 'drill',
      locality: { region: 'r', zone: 'a' },
      metadata: { NAMESPACE: 'default', ISTIO_VERSION: '1.31.0' },
    },
    dynamic_resources: {
      ads_config: {
        api_type: 'DELTA_GRPC',
        transport_api_version: 'V3',
        grpc_services: [{ envoy_grpc: { cluster_name: 'xds' } }],
      },
      cds_config: ads,
    },
    static_resources: {
      listeners: [
        {
          name: 'outbound',
          address: at('127.0.0.1', entrance),
          filter_chains: [
            { filters: [{ name: 'envoy.filters.network.http_connection_manager', typed_config: manager }] },
          ],
        },
      ],
      clusters: [
        {
          name: 'xds',
          type: 'STATIC',
          typed_extension_protocol_options: {
            'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
              '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
              explicit_http_config: { http2_protocol_options: {} },
            },
          },
          load_assignment: {
            cluster_name: 'xds',
            endpoints: [{ lb_endpoints: [{ endpoint: { address: at(host, Number(port)) } }] }],
          },
        },
      ],
    },
  };
}
