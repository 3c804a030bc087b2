/** What was recorded from real Dubbo 3.3.5 providers, as the services that it must become. */
import { strict as assert } from 'node:assert';
import type { RegistryInstance } from '../../../../src/bridge/model';
import { type Nodes, Reading, recorded } from './recorded-tree';

const GREETING = 'interface/g1/demo.GreetingService:1.0.0';
const STOCK = 'interface//demo.StockService:';
const APPLICATION = 'application/demo-provider';

let reading: Reading | undefined;

async function read(nodes: Nodes): Promise<Reading> {
  reading = new Reading(nodes);
  return reading.settle();
}

const standing = ({ id, weight, enabled }: RegistryInstance) => `${id} ${weight}${enabled ? '' : ' off'}`;

afterEach(() => {
  reading?.end();
  reading = undefined;
});

/** What these providers said of themselves beyond Dubbo's own. */
const OWN = { weight: '30', 'dubbo.tag': 'gray', region: 'eu', owner: 'teamx', 'dubbo.zone': 'zz' };

describe('recorded Dubbo providers in ZooKeeper', () => {
  for (const name of ['all-local', 'all-remote', 'interface-local', 'instance-remote']) {
    it(`${name}: each interface and the application once, with weight, tag and own parameters`, async () => {
      const { services } = await read(recorded(name));
      assert.deepEqual([...services.keys()].sort(), [APPLICATION, STOCK, GREETING].sort());
      for (const { instances } of services.values()) {
        const [instance] = instances;
        assert.equal(instances.length, 1);
        const { metadata, ...rest } = instance!;
        assert.deepEqual(rest, {
          id: 'dubbo://127.0.0.1:20881',
          address: '127.0.0.1',
          port: 20881,
          weight: 30,
          healthy: true,
          enabled: true,
          protocol: 'dubbo',
        });
        const { weight, ...others } = OWN;
        assert.deepEqual({ ...metadata, ...others }, metadata);
      }
      const greeting = services.get(GREETING)!;
      assert.deepEqual(greeting.dubbo, {
        interface: 'demo.GreetingService',
        group: 'g1',
        version: '1.0.0',
        application: 'demo-provider',
      });
      assert.equal(greeting.kind, 'dubbo-interface');
      assert.equal(greeting.instances[0]!.metadata['methods'], 'find,greet,whoami');
      assert.equal(services.get(APPLICATION)!.kind, 'dubbo-application');
    });
  }

  it('the whole of an interface, exactly', async () => {
    const { services } = await read(recorded('interface-local'));
    assert.deepEqual(services.get(STOCK), {
      key: STOCK,
      kind: 'dubbo-interface',
      namespace: '',
      group: '',
      name: 'demo.StockService',
      dubbo: { interface: 'demo.StockService', group: '', version: '', application: 'demo-provider' },
      metadata: {},
      instances: [
        {
          id: 'dubbo://127.0.0.1:20881',
          address: '127.0.0.1',
          port: 20881,
          weight: 30,
          healthy: true,
          enabled: true,
          protocol: 'dubbo',
          metadata: {
            application: 'demo-provider',
            deprecated: 'false',
            dubbo: '2.0.2',
            dynamic: 'true',
            generic: 'false',
            interface: 'demo.StockService',
            'metadata-type': 'local',
            methods: 'level',
            'prefer.serialization': 'hessian2,fastjson2',
            release: '3.3.5',
            revision: 'peer',
            side: 'provider',
            ...OWN,
          },
        },
      ],
    });
  });

  it('instance-local: the application is there, its interfaces wait for the metadata, and a problem names the revision', async () => {
    const { services, problems } = await read(recorded('instance-local'));
    assert.deepEqual([...services.keys()], [APPLICATION]);
    const [[key, reason]] = [...problems] as [[string, string]];
    assert.equal(key, `${APPLICATION} 127.0.0.1:20881`);
    assert.match(reason, /^revision [0-9a-f]{32} cannot be read \(no metadata centre has it\)/);
  });

  it('tri-all-local: both protocols of each interface, each with its own port', async () => {
    const seen = (await read(recorded('tri-all-local'))).seen(standing);
    const both = ['dubbo://127.0.0.1:20881 100', 'tri://127.0.0.1:50081 100'];
    assert.deepEqual(seen, { [APPLICATION]: both, [STOCK]: both, [GREETING]: both });
  });

  it('variants-all-remote: group and version make services of their own, from either level', async () => {
    const variants = ['interface//demo.GreetingService:', 'interface//demo.GreetingService:1.0.0'];
    variants.push('interface/g1/demo.GreetingService:', 'interface/g1/demo.GreetingService:2.0.0');
    const whole = recorded('variants-all-remote');
    const without = (part: RegExp) =>
      Object.fromEntries(Object.entries(whole).filter(([path]) => !part.test(path)));
    for (const nodes of [whole, without(/\/providers\//), without(/^\/services\//)]) {
      const { services } = await read(nodes);
      assert.deepEqual([...services.keys()].sort(), [APPLICATION, ...variants]);
      reading?.end();
    }
  });

  it('simplified-interface: the path names the interface', async () => {
    const seen = (await read(recorded('simplified-interface'))).seen(standing);
    const one = ['dubbo://127.0.0.1:20881 30'];
    assert.deepEqual(seen, { [APPLICATION]: one, [STOCK]: one, [GREETING]: one });
  });

  it('with-consumer: consumers, routers and their definitions are no services', async () => {
    const { services } = await read(recorded('with-consumer'));
    const without = 'interface//demo.GreetingService:';
    assert.deepEqual([...services.keys()].sort(), [APPLICATION, without, STOCK, GREETING].sort());
    assert.deepEqual(
      services.get(STOCK)!.instances.map(({ id }) => id),
      ['dubbo://127.0.0.1:20881', 'dubbo://127.0.0.1:20883', 'tri://127.0.0.1:50081'],
    );
  });

  it('what a provider that stopped leaves behind is no service', async () => {
    const { services, problems } = await read(recorded('all-remote.after-stop.txt'));
    assert.deepEqual([...services.keys()], []);
    assert.deepEqual([...problems], []);
  });

  const RULES: Record<string, [string, string]> = {
    'override-0-before.txt': ['30', '30'],
    'override-1-service-rule-provider-weight.txt': ['7', '30'],
    'override-2-service-rule-consumer-disabled.txt': ['30', '30'],
    'override-3-service-rule-provider-disabled.txt': ['30 off', '30'],
    'override-4-app-rule-provider-weight.txt': ['11', '11'],
    // The old form of a rule changes the interface level only (to 9); the application level wins.
    'override-5-legacy-override-node.txt': ['30', '30'],
    'override-6-after-removal.txt': ['30', '30'],
  };
  for (const [name, [greeting, stock]] of Object.entries(RULES)) {
    it(`${name}: weights ${greeting} and ${stock}`, async () => {
      const seen = (await read(recorded(name))).seen(standing);
      assert.deepEqual(seen[GREETING], [`dubbo://127.0.0.1:20881 ${greeting}`]);
      assert.deepEqual(seen[STOCK], [`dubbo://127.0.0.1:20881 ${stock}`]);
    });
  }
});
