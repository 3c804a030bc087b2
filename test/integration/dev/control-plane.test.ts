/** The embedded control plane as a client and as a person with an editor see it. */

import { strict as assert } from 'node:assert';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DevControlPlane, startDevControlPlane } from '../../../src/dev';
import { decodeLoadAssignment, TYPE_URL } from '../../../src/xds';
import { object, REVIEWS, routes, service, TO_V1, TO_V2 } from '../../support/dev-cases/base';
import { sidecarNode, XdsClient } from '../../support/xds-client';

const REVIEWS_CLUSTER = 'outbound|80||reviews.shop.svc.cluster.local';

describe('inmesh dev', () => {
  let folder: string;
  let plane: DevControlPlane;
  const clients: XdsClient[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'inmesh dev '));
    await write('mesh.yaml', routes(`\n- ${TO_V1}`));
    plane = await startDevControlPlane({ folder });
  });

  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    await plane.stop();
    await rm(folder, { recursive: true });
  });

  /** In one step, as editors do. */
  async function write(name: string, text: string): Promise<void> {
    const temporary = join(folder, `.${name}.tmp`);
    await writeFile(temporary, text);
    await rename(temporary, join(folder, name));
  }

  async function connect(node = sidecarNode()): Promise<XdsClient> {
    const client = new XdsClient(plane.address, node);
    clients.push(client);
    client.subscribe(TYPE_URL.cluster);
    client.subscribe(TYPE_URL.route, ['80']);
    client.subscribe(TYPE_URL.endpoint, [REVIEWS_CLUSTER]);
    const types = [TYPE_URL.cluster, TYPE_URL.route, TYPE_URL.endpoint];
    await client.until(() => types.every((type) => client.resources(type).size > 0), 'first answers');
    return client;
  }

  it('pushes only what changed, to every client', async () => {
    const [first, second] = [await connect(), await connect(sidecarNode({ namespace: 'other' }))];
    const before = [first.responses.length, second.responses.length];
    const reloaded = plane.reloaded();
    await write('mesh.yaml', routes(`\n- ${TO_V2}`));
    const reload = await reloaded;
    assert.equal(reload.applied, true);
    assert.equal(reload.pushed, 2);
    for (const [index, client] of [first, second].entries()) {
      await client.until(() => client.responses.length > before[index]!, 'push');
      const pushed = client.responses.slice(before[index]);
      assert.deepEqual(
        pushed.map(({ typeUrl, resources }) => [typeUrl, resources.map(({ name }) => name)]),
        [[TYPE_URL.route, ['80']]],
      );
    }
  });

  it('pushes an endpoint change as endpoints, and says nothing when nothing changes for a client', async () => {
    const client = await connect();
    const count = client.responses.length;
    const reloaded = plane.reloaded();
    await write('other.yaml', service('unseen', 'other', 'exportTo: ["."]'));
    assert.equal((await reloaded).pushed, 0);
    const again = plane.reloaded();
    await write('mesh.yaml', routes(`\n- ${TO_V1}`).replace('10.0.0.1', '10.0.0.77'));
    await again;
    await client.until(() => client.responses.length > count, 'push');
    assert.deepEqual(
      client.responses.slice(count).map(({ typeUrl }) => typeUrl),
      [TYPE_URL.endpoint],
    );
    const decoded = decodeLoadAssignment(client.resources(TYPE_URL.endpoint).get(REVIEWS_CLUSTER)!);
    assert.ok(
      decoded.ok && decoded.value.localities.some(({ endpoints }) => endpoints[0]?.address === '10.0.0.77'),
    );
  });

  it('keeps the last good state while there is a mistake, and recovers', async () => {
    const client = await connect();
    const count = client.responses.length;
    const broken = plane.reloaded();
    await write('mesh.yaml', routes(`\n- ${TO_V2}\n  timout: 3s`));
    const refused = await broken;
    assert.equal(refused.applied, false);
    const mistake = refused.problems.find(({ severity }) => severity === 'error');
    assert.deepEqual([mistake?.file, mistake?.column], ['mesh.yaml', 5]);
    const late = await connect();
    assert.equal(late.resources(TYPE_URL.cluster).size, client.resources(TYPE_URL.cluster).size);
    assert.equal(client.responses.length, count);
    const fixed = plane.reloaded();
    await write('mesh.yaml', routes(`\n- ${TO_V2}\n  timeout: 3s`));
    assert.equal((await fixed).applied, true);
    await client.until(() => client.responses.length > count, 'push');
  });

  it('starts with a mistake in the folder and serves once it is corrected', async () => {
    await write('mesh.yaml', 'kind: Nonsense: x');
    const late = await startDevControlPlane({ folder });
    try {
      assert.ok(late.problems.length > 0);
      const fixed = late.reloaded();
      await write('mesh.yaml', REVIEWS);
      assert.equal((await fixed).applied, true);
    } finally {
      await late.stop();
    }
  });

  it('follows files that come and go, also in sub folders', async () => {
    const client = await connect();
    const cluster = 'outbound|80||late.shop.svc.cluster.local';
    await mkdir(join(folder, 'more'));
    const added = plane.reloaded();
    await writeFile(join(folder, 'more', 'late.yml'), service('late'));
    await added;
    await client.until(() => client.resources(TYPE_URL.cluster).has(cluster), 'new cluster');
    const removed = plane.reloaded();
    await rm(join(folder, 'more'), { recursive: true });
    await removed;
    await client.until(() => !client.resources(TYPE_URL.cluster).has(cluster), 'removal');
  });

  it('answers names that do not exist: routes with the catch-all alone, endpoints empty, other names removed', async () => {
    const client = await connect();
    client.subscribe(TYPE_URL.route, ['9999', 'nonsense']);
    client.subscribe(TYPE_URL.endpoint, ['outbound|80||nowhere']);
    await client.until(() => client.resources(TYPE_URL.route).has('9999'), 'routes of an unused port');
    await client.until(
      () => client.resources(TYPE_URL.endpoint).has('outbound|80||nowhere'),
      'empty endpoints',
    );
    await client.until(
      () => client.responses.some((each) => each.removedResources.includes('nonsense')),
      'removal',
    );
  });

  it('sends nothing that a returning client still has', async () => {
    const client = await connect();
    const versions: Record<string, string> = {};
    for (const response of client.responses.filter(({ typeUrl }) => typeUrl === TYPE_URL.cluster)) {
      for (const { name, version } of response.resources) versions[name] = version;
    }
    versions['outbound|80||gone'] = 'old';
    const again = new XdsClient(plane.address, sidecarNode());
    clients.push(again);
    again.subscribe(TYPE_URL.cluster, [], versions);
    await again.until(() => again.responses.length > 0, 'answer');
    assert.deepEqual(again.responses[0]!.resources, []);
    assert.deepEqual(again.responses[0]!.removedResources, ['outbound|80||gone']);
  });

  it('takes a NACK and goes on', async () => {
    const client = await connect();
    client.refuse.set(TYPE_URL.route, 'not to my taste');
    const count = client.responses.length;
    const reloaded = plane.reloaded();
    await write('mesh.yaml', routes(`\n- ${TO_V2}`));
    await reloaded;
    await client.until(() => client.responses.length > count, 'push');
    client.refuse.clear();
    const again = plane.reloaded();
    await write('mesh.yaml', routes(`\n- ${TO_V1}`));
    await again;
    await client.until(() => client.responses.length > count + 1, 'next push');
  });

  it('ends a stream that asks for a type istiod would not serve, or has a bad node, with a sentence', async () => {
    const client = await connect();
    client.subscribe('type.googleapis.com/no.such.Type');
    await assert.rejects(
      client.until(() => false, 'end'),
      /no\.such\.Type.*not served/,
    );
    const nobody = new XdsClient(plane.address, { id: 'nobody', metadata: {} });
    clients.push(nobody);
    nobody.subscribe(TYPE_URL.cluster);
    await assert.rejects(
      nobody.until(() => false, 'end'),
      /node id "nobody"/,
    );
  });

  it('refuses a port that is taken', async () => {
    const port = Number(plane.address.split(':').at(-1));
    await assert.rejects(startDevControlPlane({ objects: [], port }), /cannot listen on 127\.0\.0\.1:/);
  });

  it('serves plain objects and updates of them', async () => {
    const objects = [
      {
        apiVersion: 'networking.istio.io/v1',
        kind: 'ServiceEntry',
        metadata: { name: 'a', namespace: 'shop' },
        spec: {
          hosts: ['a.shop.svc.cluster.local'],
          resolution: 'STATIC',
          ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
        },
      },
    ];
    const plain = await startDevControlPlane({ objects });
    try {
      const client = new XdsClient(plain.address, sidecarNode());
      clients.push(client);
      client.subscribe(TYPE_URL.cluster);
      const has = () => client.resources(TYPE_URL.cluster).has('outbound|80||a.shop.svc.cluster.local');
      await client.until(has, 'cluster');
      assert.equal(plain.update([{ kind: 'ServiceEntri' }]).applied, false);
      assert.equal(plain.update([]).applied, true);
      await client.until(() => !has(), 'removal');
    } finally {
      await plain.stop();
    }
  });

  it('a rule of one namespace is not in the way of another: views are per node', async () => {
    const reloaded = plane.reloaded();
    await write(
      'rule.yaml',
      object(
        'DestinationRule',
        'own',
        'host: cart.shop.svc.cluster.local\nsubsets: [{name: x, labels: {a: b}}]\nexportTo: ["."]',
      ) + service('cart'),
    );
    await reloaded;
    const own = await connect();
    const other = await connect(sidecarNode({ namespace: 'other' }));
    const subset = 'outbound|80|x|cart.shop.svc.cluster.local';
    assert.equal(own.resources(TYPE_URL.cluster).has(subset), true);
    assert.equal(other.resources(TYPE_URL.cluster).has(subset), false);
  });
});
