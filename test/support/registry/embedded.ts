/** Registries in this process, for tests that are the same for every client. */

import { startDevNacos } from '../../../src/dev/nacos';
import { FakeConsul } from '../../integration/bridge/consul/server';
import { FullAnswers } from './eureka';
import type { Instance } from './instances';

/** What a registry knows of an instance. */
export type Member = Pick<Instance, 'name' | 'port' | 'address'>;

/** What a test does to a registry, whichever it is. */
export interface TestRegistry {
  /** `127.0.0.1:port`; the same after `up`. */
  readonly address: string;
  /** The service's instances are now these. `out` are registered too, but not to be called. */
  set(service: string, instances: readonly Member[], out?: readonly Member[]): Promise<void>;
  /** Gone, as in a crash, until `up`; what it had it has again then. */
  down(): Promise<void>;
  up(): Promise<void>;
  stop(): Promise<void>;
}

/** Nacos' way of taking an instance out that its clients are told of: weight 0. */
export async function embeddedNacos(): Promise<TestRegistry> {
  let nacos = await startDevNacos({ mergeDelayMs: 10 });
  const { port, address } = nacos;
  const services = new Map<string, () => void>();
  return {
    address,
    async set(service, instances, out = []) {
      const record = (weight: number) => (instance: Member) => ({
        ...{ ip: '127.0.0.1', port: instance.port, weight, healthy: true, enabled: true, ephemeral: true },
        ...{ clusterName: 'DEFAULT', metadata: {} },
      });
      const id = { namespace: 'public', group: 'DEFAULT_GROUP', name: service };
      const records = [...instances.map(record(1)), ...out.map(record(0))];
      const tell = () => nacos.register(id, records);
      services.set(service, tell);
      tell();
    },
    down: () => nacos.stop(),
    async up() {
      nacos = await startDevNacos({ mergeDelayMs: 10, port });
      for (const tell of services.values()) tell();
    },
    stop: () => nacos.stop(),
  };
}

/** Out: OUT_OF_SERVICE. */
export async function embeddedEureka(): Promise<TestRegistry> {
  let eureka = await FullAnswers.start();
  const { port } = eureka;
  return {
    address: `127.0.0.1:${port}`,
    async set(service, instances, out = []) {
      eureka.apps.set(service.toUpperCase(), instances);
      eureka.out.set(service.toUpperCase(), out);
    },
    down: () => eureka.stop(),
    async up() {
      const { apps, out } = eureka;
      eureka = await FullAnswers.start(port);
      for (const [app, instances] of apps) eureka.apps.set(app, instances);
      for (const [app, instances] of out) eureka.out.set(app, instances);
    },
    stop: () => eureka.stop(),
  };
}

/** Out: its check is critical. */
export async function embeddedConsul(): Promise<TestRegistry> {
  const start = async (port = 0) => {
    const server = new FakeConsul();
    // The client reads JSON only from answers that say so.
    server.intercept = (_path, response) => {
      response.setHeader('content-type', 'application/json');
      return false;
    };
    return server.listen(port);
  };
  let consul = await start();
  const { port } = consul;
  const services = new Map<string, { instances: readonly Member[]; out: readonly Member[] }>();
  const tell = (service: string) => {
    const { instances, out } = services.get(service)!;
    const known = consul.states.get('dc1')!.services.get(service);
    const wanted = new Map(
      [...instances, ...out].map((each) => [each.name, instances.includes(each) ? 'passing' : 'critical']),
    );
    for (const { name, port } of [...instances, ...out]) {
      const status = wanted.get(name)!;
      if (known?.get(name)?.status === status) continue;
      consul.register(service, { id: name, port, address: '127.0.0.1', status });
    }
    for (const id of [...(known?.keys() ?? [])]) if (!wanted.has(id)) consul.deregister(service, id);
  };
  return {
    address: `127.0.0.1:${port}`,
    async set(service, instances, out = []) {
      services.set(service, { instances, out });
      tell(service);
    },
    down: () => consul.close(),
    async up() {
      // Its index goes on, as it is on the disk.
      const { index } = consul;
      consul = await start(port);
      consul.index = index;
      for (const service of services.keys()) tell(service);
    },
    stop: () => consul.close(),
  };
}
