import { strict as assert } from 'node:assert';
import Ajv from 'ajv';
import fc from 'fast-check';
import {
  parseServer,
  type ZooKeeperConfig,
  zookeeperMistakes,
  zookeeperSchema,
} from '../../../../src/bridge/source/zookeeper/config';
import { parseCuratorInstance } from '../../../../src/bridge/source/zookeeper/curator';
import { Held } from '../../../../src/bridge/source/zookeeper/held';
import { Limiter } from '../../../../src/bridge/source/zookeeper/limiter';

describe('a set in which what is gone stays for a while', () => {
  it('what comes back in time was never gone', () => {
    const held = new Held<number>();
    held.set(new Map([['a', 1]]), 100);
    held.set(new Map(), 200);
    assert.equal(held.next, 200);
    assert.deepEqual([...held.expire(199)], []);
    held.set(new Map([['a', 2]]), 300);
    assert.equal(held.next, undefined);
    assert.deepEqual(held.values(), [2]);
  });

  it('a later look does not lengthen the time', () => {
    const held = new Held<number>();
    held.set(new Map([['a', 1]]), 100);
    held.set(new Map(), 200);
    held.set(new Map(), 300);
    assert.deepEqual([...held.expire(200)], [['a', 1]]);
    assert.deepEqual(held.keys(), []);
  });

  it('property: it holds what is there and what was there less than the delay ago', () => {
    const step = fc.record({
      ms: fc.integer({ min: 1, max: 50 }),
      there: fc.uniqueArray(fc.constantFrom<string>('a', 'b', 'c', 'd')),
    });
    fc.assert(
      fc.property(fc.array(step), fc.integer({ min: 0, max: 100 }), (steps, delay) => {
        const held = new Held<true>();
        const lastGone = new Map<string, number>();
        let there: readonly string[] = [];
        let now = 0;
        for (const each of steps) {
          now += each.ms;
          for (const key of there) if (!each.there.includes(key)) lastGone.set(key, now);
          there = each.there;
          held.expire(now - 1);
          held.set(new Map(there.map((key) => [key, true])), now + delay);
          held.expire(now);
          const stays = [...lastGone].filter(([key, at]) => !there.includes(key) && at + delay > now);
          assert.deepEqual(held.keys().sort(), [...there, ...stays.map(([key]) => key)].sort());
        }
      }),
      { seed: 7 },
    );
  });
});

describe('a limiter', () => {
  it('never has more at once, keeps the order, and goes on after failures', async () => {
    const limiter = new Limiter(3);
    const began: number[] = [];
    let active = 0;
    let most = 0;
    const task = async (index: number) => {
      began.push(index);
      most = Math.max(most, ++active);
      await new Promise((resolve) => setImmediate(resolve));
      active--;
      if (index % 4 === 0) throw new Error('no');
    };
    const all = Array.from({ length: 200 }, (_, index) => limiter.run(() => task(index)));
    const results = await Promise.allSettled(all);
    assert.equal(most, 3);
    assert.deepEqual(
      began,
      results.map((_, index) => index),
    );
    assert.equal(results.filter(({ status }) => status === 'rejected').length, 50);
    assert.equal(await limiter.run(async () => 'more'), 'more');
  });
});

describe("Curator's instances", () => {
  const spring = {
    name: 'orders',
    id: '2f6f2f0c',
    address: '10.0.0.1',
    port: 8080,
    sslPort: null,
    payload: {
      '@class': 'org.springframework.cloud.zookeeper.discovery.ZookeeperInstance',
      id: 'orders',
      name: 'orders',
      metadata: { instance_status: 'UP', count: 7, none: null },
    },
    registrationTimeUTC: 1,
    serviceType: 'DYNAMIC',
    uriSpec: null,
  };

  it('are read as Spring Cloud writes them', () => {
    assert.deepEqual(parseCuratorInstance(Buffer.from(JSON.stringify(spring)), 'n'), {
      id: '2f6f2f0c',
      address: '10.0.0.1',
      port: 8080,
      sslPort: undefined,
      enabled: true,
      metadata: { instance_status: 'UP', count: '7' },
    });
  });

  it('what is none is a sentence', () => {
    for (const text of ['', '7', '[]', '{', '{}', '{"address":"h"}', '{"address":"","port":1}'])
      assert.equal(typeof parseCuratorInstance(Buffer.from(text), 'n'), 'string', text);
  });

  it('property: garbage never throws', () => {
    const value = fc.jsonValue({ maxDepth: 3 });
    const record = fc.record({ id: value, address: value, port: value, sslPort: value, payload: value });
    const data = fc.oneof(
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      record.map((each) => Buffer.from(JSON.stringify(each))),
    );
    fc.assert(
      fc.property(data, (bytes) => {
        const instance = parseCuratorInstance(bytes, 'n');
        if (typeof instance === 'string') return;
        for (const each of Object.values(instance.metadata)) assert.equal(typeof each, 'string');
      }),
      { seed: 8, numRuns: 500 },
    );
  });
});

describe('the configuration of a ZooKeeper source', () => {
  const ajv = new Ajv({ useDefaults: true, allErrors: true });
  const validate = ajv.compile(zookeeperSchema);
  const config = (more: object = {}) => {
    const value = structuredClone({ type: 'zookeeper', name: 'zk', servers: ['h:2181'], ...more });
    assert.ok(validate(value), ajv.errorsText(validate.errors));
    return value as unknown as ZooKeeperConfig;
  };

  it('needs servers only', () => {
    assert.deepEqual(zookeeperMistakes(config()), []);
    assert.equal(config().dubbo.root, '/dubbo');
    assert.equal(config().services.root, '/services');
  });

  it('refuses what it does not know, each key', () => {
    for (const more of [
      { server: 'h' },
      { servers: [] },
      { servers: ['zookeeper://h:1'] },
      { chroot: 'x' },
      { chroot: '/x/' },
      { dubbo: { roots: '/x' } },
      { services: { root: 'x' } },
      { concurrency: 0 },
    ])
      assert.equal(
        validate({ type: 'zookeeper', name: 'zk', servers: ['h'], ...structuredClone(more) }),
        false,
      );
  });

  it('tells what does not go together', () => {
    const mistakes = (more: object) => zookeeperMistakes(config(more)).join();
    assert.match(mistakes({ username: 'u', password: 'p', passwordFile: '/f' }), /both/);
    assert.match(mistakes({ password: 'p' }), /no `username`/);
    assert.match(mistakes({ username: 'u' }), /neither/);
    assert.match(mistakes({ username: 'a:b', password: 'p' }), /colon/);
    assert.match(mistakes({ dubbo: { enabled: false }, services: { enabled: false } }), /reads nothing/);
  });

  it('knows servers with and without a port, and IPv6', () => {
    assert.deepEqual(parseServer('h'), { host: 'h', port: 2181 });
    assert.deepEqual(parseServer('h:1'), { host: 'h', port: 1 });
    assert.deepEqual(parseServer('[::1]:1'), { host: '::1', port: 1 });
    assert.deepEqual(parseServer('[::1]'), { host: '::1', port: 2181 });
  });

  it('every key is described', () => {
    const visit = (schema: { description?: string; properties?: object }, path: string) => {
      assert.ok(schema.description, path);
      for (const [key, each] of Object.entries(schema.properties ?? {})) visit(each, `${path}.${key}`);
    };
    visit(zookeeperSchema, 'source');
  });
});
