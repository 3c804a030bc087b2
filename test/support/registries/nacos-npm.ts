import { createRequire } from 'node:module';

const requireHere = createRequire(__filename);

interface NpmInstance {
  readonly ip: string;
  readonly port: number;
  readonly weight?: number;
  readonly metadata?: Readonly<Record<string, string>>;
}

interface NpmClient {
  ready(): Promise<void>;
  registerInstance(service: string, instance: NpmInstance, group?: string): Promise<void>;
  deregisterInstance(service: string, instance: NpmInstance, group?: string): Promise<void>;
  close(): Promise<void>;
}

/** The npm package `nacos`, as applications use it: it registers by HTTP and beats every 5 s. */
export async function npmNacos(address: string, namespace = 'public'): Promise<NpmClient> {
  // The server acknowledges to the address that the client tells, which would not be the loopback.
  requireHere('address').ip = () => '127.0.0.1';
  const { NacosNamingClient } = requireHere('nacos');
  const silent = () => undefined;
  const logger = { info: silent, warn: silent, error: silent, debug: silent, log: silent };
  const client: NpmClient = new NacosNamingClient({ logger, serverList: address, namespace });
  await client.ready();
  return client;
}
