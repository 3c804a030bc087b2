/** The in-memory registry: one process' worth of Nacos, for tests, demos and laptops. Nothing survives a stop. */

import { Access, type AccessOptions } from './access';
import { Beats } from './beats';
import { ConfigStore } from './configs';
import { FuzzyWatches } from './fuzzy-watch';
import { GrpcServer, type TlsFiles } from './grpc-server';
import { HttpServer } from './http-server';
import { freePair } from './ports';
import { Pusher } from './pusher';
import { type Published, type ServiceId, ServiceStore } from './store';
import { UdpPush } from './udp-push';

export interface DevNacosOptions extends AccessOptions {
  /** 127.0.0.1 if absent. */
  readonly host?: string;
  /** Main (HTTP) port; the gRPC port is 1,000 above. 0 or absent = any two free ones. */
  readonly port?: number;
  /** 3 if absent: abilities, FuzzyWatch and the v3 API. 2: none of them. */
  readonly version?: 2 | 3;
  /** Between a change and its push; 500 as in Nacos. */
  readonly mergeDelayMs?: number;
  /** Between a FuzzyWatch and its first batch; 50. */
  readonly fuzzyDelayMs?: number;
  /** Services per FuzzyWatch pattern; 500 as in Nacos. */
  readonly fuzzyMostServices?: number;
  /** Without a beat for so long an HTTP instance is unhealthy, then removed; 15 s and 30 s as in Nacos. */
  readonly unhealthyMs?: number;
  readonly removeMs?: number;
  readonly tls?: TlsFiles;
  /** false: HTTP only, as behind a firewall that knows nothing of the second port. */
  readonly grpc?: boolean;
}

export interface DevNacos {
  readonly host: string;
  readonly port: number;
  readonly grpcPort: number;
  /** `host:port`, as every client wants it. */
  readonly address: string;
  /** gRPC clients set up at this moment. */
  readonly connections: number;
  /** Logins that succeeded. */
  readonly logins: number;
  /** Registers as an operator would, without a client that has to live. Replaces what was registered so before. */
  register(service: ServiceId, instances: readonly Published[]): void;
  publishConfig(namespace: string, group: string, dataId: string, content: string): void;
  /** Sends a request of the server to every gRPC client, such as `ConnectResetRequest`. */
  broadcast(type: string, body: Readonly<Record<string, unknown>>): void;
  /** Ends every gRPC connection, the port stays open. */
  cutConnections(): void;
  /** true: gRPC requests are never answered. */
  hang(hanging: boolean): void;
  /** Services without instances are forgotten, as Nacos does after a minute. */
  cleanEmptyServices(): void;
  forgetTokens(): void;
  /** Cuts everything off; resolves when both ports are free. */
  stop(): Promise<void>;
}

const GRPC_OFFSET = 1_000;
const TRIES = 20;
const OPERATOR = 'operator';

/** Rejects when the ports are taken. */
export async function startDevNacos(options: DevNacosOptions = {}): Promise<DevNacos> {
  for (let tries = 1; ; tries++) {
    try {
      return await start(options);
    } catch (error) {
      // Somebody was faster: choose again.
      if (options.port || tries === TRIES) throw error;
    }
  }
}

async function start(options: DevNacosOptions): Promise<DevNacos> {
  const { host = '127.0.0.1', version = 3, mergeDelayMs = 500, tls } = options;
  const port = options.port || (await freePair(host, GRPC_OFFSET));
  const { fuzzyDelayMs = 50, fuzzyMostServices = 500, unhealthyMs = 15_000, removeMs = 30_000 } = options;
  const now = Date.now;
  const store = new ServiceStore(now);
  const configs = new ConfigStore();
  const access = new Access(options, now);
  const pusher = new Pusher(store, mergeDelayMs);
  const fuzzy = new FuzzyWatches({ store, delayMs: fuzzyDelayMs, mostServices: fuzzyMostServices });
  const udp = new UdpPush(store, pusher, now);
  const checkMs = Math.max(20, Math.min(1_000, unhealthyMs / 4));
  const beats = new Beats({ store, now, unhealthyMs, removeMs, checkMs });
  const files = tls ? { tls } : {};
  const http = new HttpServer({
    ...{ host, port, store, configs, beats, udp, access, v3: version === 3 },
    ...files,
  });
  let grpc: GrpcServer | undefined;
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= end();
    return stopped;
  };
  const end = async () => {
    beats.stop();
    udp.stop();
    pusher.stop();
    fuzzy.stop();
    grpc?.stop();
    await http.stop();
  };
  try {
    await http.start();
    const parts = { store, configs, pusher, fuzzy, access, now };
    const at = { host, port: port + GRPC_OFFSET, abilities: version === 3 };
    if (options.grpc !== false) {
      grpc = new GrpcServer({ ...parts, ...at, ...files });
      await grpc.start();
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    host,
    port,
    grpcPort: port + GRPC_OFFSET,
    address: `${host}:${port}`,
    get connections() {
      return grpc?.connections.size ?? 0;
    },
    get logins() {
      return access.logins;
    },
    register: (service, instances) => store.publish(service, OPERATOR, instances),
    publishConfig: (namespace, group, dataId, content) => configs.publish(namespace, group, dataId, content),
    broadcast: (type, body) => {
      for (const connection of grpc?.connections.all() ?? []) connection.ask(type, body);
    },
    cutConnections: () => grpc?.cut(),
    hang: (hanging) => grpc?.hang(hanging),
    cleanEmptyServices: () => store.clean(),
    forgetTokens: () => access.forgetTokens(),
    stop,
  };
}
