/** Real Dubbo 3.3.5 providers as recorded in ZooKeeper: the right hosts, each provider once (issue: "Must hold" 7). */
import { strict as assert } from 'node:assert';
import type { DubboHosts } from '../../../../src/bridge/convert';
import { Reading, recorded } from '../zookeeper/recorded-tree';
import { codes, convertAll, sourceConfig } from './facts';

/** `host port→own port`, sorted, and the codes of what was rejected. */
async function hostsOf(name: string, hosts: DubboHosts): Promise<{ served: string[]; rejected: string[] }> {
  const reading = new Reading(recorded(name));
  try {
    const { services } = await reading.settle();
    const config = { dubbo: { ...sourceConfig().dubbo, hosts } };
    const { entries, rejections } = convertAll(
      {},
      { zk: { type: 'zookeeper', config, services: [...services.values()] } },
    );
    const served = [...entries.values()].flatMap(({ host, ports, endpoints }) =>
      endpoints.map(({ address, ports: own }) => {
        const mapped = ports.map(({ name: port, number }) => `${port} ${number}→${address}:${own[port]}`);
        return `${host} ${mapped.join(', ')}`;
      }),
    );
    return { served: served.sort(), rejected: codes(rejections) };
  } finally {
    reading.end();
  }
}

const GREETING = 'demo.greetingservice.g1.1-0-0.dubbo';
const DUBBO = 'tcp-dubbo 20880→127.0.0.1:20881';

describe('convert: recorded Dubbo providers', () => {
  for (const name of ['interface-local', 'instance-remote', 'all-local', 'all-remote'])
    it(`${name}: a host for each interface and the application, whatever the level it registers at`, async () => {
      const { served, rejected } = await hostsOf(name, 'both');
      assert.deepEqual(served, [
        `demo-provider.dubbo ${DUBBO}`,
        `${GREETING} ${DUBBO}`,
        `demo.stockservice.dubbo ${DUBBO}`,
      ]);
      assert.deepEqual(rejected, []);
      assert.deepEqual((await hostsOf(name, 'application')).served, [`demo-provider.dubbo ${DUBBO}`]);
      assert.deepEqual((await hostsOf(name, 'interface')).served, [
        `${GREETING} ${DUBBO}`,
        `demo.stockservice.dubbo ${DUBBO}`,
      ]);
    });

  it('dubbo and tri: two hosts, as no endpoint may miss a port of its service', async () => {
    const { served, rejected } = await hostsOf('tri-all-local', 'interface');
    const tri = 'grpc 80→127.0.0.1:50081';
    assert.deepEqual(served, [
      `${GREETING} ${DUBBO}`,
      'demo.stockservice.dubbo tcp-dubbo 20880→127.0.0.1:20881',
      `grpc.${GREETING} ${tri}`,
      `grpc.demo.stockservice.dubbo ${tri}`,
    ]);
    assert.deepEqual(rejected, []);
  });

  it('group and version make different hosts of one interface', async () => {
    const { served } = await hostsOf('variants-all-remote', 'interface');
    const hosts = served.map((each) => each.split(' ')[0]);
    assert.deepEqual(hosts, [
      'demo.greetingservice.1-0-0.dubbo',
      'demo.greetingservice.dubbo',
      'demo.greetingservice.g1.2-0-0.dubbo',
      'demo.greetingservice.g1.dubbo',
    ]);
  });

  it('simplified URLs are served as others', async () => {
    const { served } = await hostsOf('simplified-interface', 'interface');
    assert.deepEqual(served, [`${GREETING} ${DUBBO}`, `demo.stockservice.dubbo ${DUBBO}`]);
  });
});
