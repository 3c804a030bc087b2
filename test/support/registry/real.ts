/** Real registries of the lab, for tests that are the same for every client. */

import {
  isSkipped,
  type LabServer,
  type Skipped,
  startConsul,
  startEureka,
  startNacos,
  startZooKeeper,
} from '../../../lab';
import { ConsulHttp } from '../registries/consul-http';
import { EurekaHttp } from '../registries/eureka-http';
import { NacosHttp } from '../registries/nacos-http';
import { npmNacos } from '../registries/nacos-npm';
import { ZooKeeperNodes } from '../registries/zookeeper-nodes';
import type { Member, TestRegistry } from './embedded';

/** How one instance is written into a registry, in a state that calls may or may not go to, and out of it. */
interface Pen {
  write(service: string, instance: Member, isOut: boolean): Promise<unknown>;
  erase(service: string, instance: Member, wasOut: boolean): Promise<unknown>;
  close?(): unknown;
}

interface Entry {
  readonly service: string;
  readonly instance: Member;
  readonly isOut: boolean;
}

/** `keeps`: what was written is there after a crash. */
function registryOf(server: LabServer, address: string, pen: Pen, keeps: boolean): TestRegistry {
  const written = new Map<string, Entry>();
  const write = async (entry: Entry) => {
    await pen.write(entry.service, entry.instance, entry.isOut);
    written.set(`${entry.service} ${entry.instance.address}`, entry);
  };
  return {
    address,
    async set(service, instances, out = []) {
      const wanted = [...instances, ...out].map((instance) => ({
        service,
        instance,
        isOut: out.includes(instance),
      }));
      for (const entry of wanted) {
        const known = written.get(`${service} ${entry.instance.address}`);
        if (known?.isOut !== entry.isOut) await write(entry);
      }
      for (const [key, { service: of, instance, isOut }] of [...written]) {
        if (of !== service || wanted.some((each) => each.instance === instance)) continue;
        await pen.erase(service, instance, isOut);
        written.delete(key);
      }
    },
    down: () => server.kill(),
    async up() {
      await server.start();
      if (!keeps) for (const entry of written.values()) await write(entry);
    },
    async stop() {
      await pen.close?.();
      await server.stop();
    },
  };
}

/** Ends the server when the rest cannot be made of it. */
async function made<T extends LabServer>(
  start: () => Promise<T | Skipped>,
  make: (server: T) => TestRegistry | Promise<TestRegistry>,
): Promise<TestRegistry | Skipped> {
  const server = await start();
  if (isSkipped(server)) return server;
  try {
    return await make(server);
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** Instances with heartbeats, by a client without the agent. Out: weight 0, which that client cannot say. */
export function realNacos(): Promise<TestRegistry | Skipped> {
  return made(startNacos, async (server) => {
    const client = await npmNacos(server.address);
    const of = ({ port }: Member) => ({ ip: '127.0.0.1', port, metadata: {} });
    const http = new NacosHttp(server.address);
    const pen: Pen = {
      async write(service, instance, isOut) {
        if (isOut) {
          await client.deregisterInstance(service, of(instance));
          await http.register({ serviceName: service, ...of(instance), weight: 0 });
        } else await client.registerInstance(service, of(instance));
      },
      erase: (service, instance) => client.deregisterInstance(service, of(instance)),
      close: () => client.close(),
    };
    return registryOf(server, server.address, pen, false);
  });
}

/** What is asked for while it changes may else be answered from the cache for three minutes. */
const EUREKA_OPTIONS = { properties: { 'eureka.server.response-cache-auto-expiration-in-seconds': 1 } };

/** Out: OUT_OF_SERVICE, by an operator. */
export function realEureka(): Promise<TestRegistry | Skipped> {
  return made(
    () => startEureka(EUREKA_OPTIONS),
    (server) => {
      const http = new EurekaHttp(server.url);
      const of = (app: string, { name, port }: Member) => ({
        ...{ app, instanceId: name, ip: '127.0.0.1', port, leaseSeconds: 3_600 },
      });
      const pen: Pen = {
        async write(app, instance, isOut) {
          await http.register(of(app, instance));
          await http.override(of(app, instance), isOut ? 'OUT_OF_SERVICE' : 'UP');
        },
        erase: (app, instance) => http.deregister(of(app, instance)),
      };
      return registryOf(server, `127.0.0.1:${server.port}`, pen, false);
    },
  );
}

/** Out: in maintenance. */
export function realConsul(): Promise<TestRegistry | Skipped> {
  return made(startConsul, (server) => {
    const http = new ConsulHttp(server.url);
    const of = (name: string, instance: Member) => ({
      ...{ id: `${name}-${instance.name}`, name, address: '127.0.0.1', port: instance.port },
    });
    const pen: Pen = {
      async write(service, instance, isOut) {
        await http.register(of(service, instance));
        await http.maintenance(of(service, instance), isOut);
      },
      erase: (service, instance) => http.deregister(of(service, instance)),
    };
    return registryOf(server, `127.0.0.1:${server.port}`, pen, true);
  });
}

/** As Spring Cloud writes it; there is no way to be out. */
export function realZooKeeper(): Promise<TestRegistry | Skipped> {
  return made(startZooKeeper, async (server) => {
    const nodes = await ZooKeeperNodes.connect(server.address);
    const path = (service: string, { name }: Member) => `/services/${service}/${name}`;
    const pen: Pen = {
      write: (service, instance) => {
        const { name: id, port } = instance;
        const data = { name: service, id, address: '127.0.0.1', port, sslPort: null, serviceType: 'DYNAMIC' };
        return nodes.create(path(service, instance), JSON.stringify(data));
      },
      erase: (service, instance) => nodes.remove(path(service, instance)),
      close: () => nodes.close(),
    };
    return registryOf(server, server.address, pen, true);
  });
}
