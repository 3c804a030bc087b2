/** Services of a registry with the mesh's side of them, over a static feed and a clock of the test's own. */

import assert from 'node:assert/strict';
import { Addresses, type HubOptions, RegistryHub, type RegistryService } from '../../../src/registry';
import type { Shape } from '../../../src/registry/merge';
import {
  cluster,
  endpoint,
  forward,
  route,
  StaticFeed,
  type StaticMesh,
  virtualHost,
} from '../../support/static-feed';

const ORDERS = 'orders.shop.svc.cluster.local';
const SHAPE: Shape<string> = { key: (key) => key, weight: () => undefined, make: ({ key }) => key };
const NAME = { source: 'nacos', service: 'orders' } as const;

function inMesh(ips: readonly string[], port = 80): StaticMesh {
  const name = `outbound|${port}||${ORDERS}`;
  return {
    ports: { [port]: [virtualHost([ORDERS], [route(forward(name))])] },
    tls: { [`${ORDERS}:${port}`]: name },
    clusters: [
      cluster(
        name,
        ips.map((ip) => endpoint(ip, 8080)),
      ),
    ],
  };
}

class Scene {
  now = 0;
  readonly lines: string[] = [];
  readonly errors: unknown[] = [];
  readonly hub: RegistryHub;
  private timers: { at: number; action: () => void }[] = [];

  constructor(
    readonly feed: StaticFeed,
    options: Partial<HubOptions> = {},
  ) {
    this.hub = new RegistryHub({
      ...{ modes: [], calls: [], hosts: [], namespaces: [], weights: [] },
      podNamespace: 'shop',
      home: { region: '', zone: '', subZone: '' },
      origin: 'cluster.local',
      firstUseTimeoutMs: 2_000,
      feed,
      addresses: new Addresses(),
      log: { line: (_level, event) => this.lines.push(event) },
      now: () => this.now,
      later: (ms, action) => {
        const timer = { at: this.now + ms, action };
        this.timers.push(timer);
        return () => {
          this.timers = this.timers.filter((each) => each !== timer);
        };
      },
      onError: (error) => this.errors.push(error),
      ...options,
    });
  }

  /** The service, asked for, and told of each change. */
  service(changes: string[] = []): RegistryService {
    const service = this.hub.service(NAME)!;
    service.onChange(() => changes.push(service.merge(this.records, SHAPE).join()));
    return service;
  }

  records: readonly string[] = [];

  list(service: RegistryService): string {
    return service.merge(this.records, SHAPE).join();
  }

  pass(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const due = this.timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.timers = this.timers.filter((timer) => timer !== due);
      this.now = Math.max(this.now, due.at);
      due.action();
    }
    this.now = end;
  }
}

/** The feed answers in later turns. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}

describe('registry: services', () => {
  it('hold what any route of the host can reach, and follow it', async () => {
    const scene = new Scene(new StaticFeed(inMesh(['10.0.0.1', '10.0.0.2'])));
    const changes: string[] = [];
    const service = scene.service(changes);
    scene.records = ['10.0.9.9:80'];
    assert.equal(scene.list(service), '10.0.9.9:80');
    await settled();
    assert.equal(scene.list(service), '10.0.9.9:80,10.0.0.1:8080,10.0.0.2:8080');
    scene.feed.set(inMesh(['10.0.0.2']));
    await settled();
    assert.deepEqual(
      [...new Set(changes)],
      ['10.0.9.9:80,10.0.0.1:8080,10.0.0.2:8080', '10.0.9.9:80,10.0.0.2:8080'],
    );
    assert.deepEqual(scene.errors, []);
  });

  it('are found on port 80, else on the lowest port that has the host', async () => {
    const scene = new Scene(new StaticFeed(inMesh(['10.0.0.1'], 9090)));
    const service = scene.service();
    await settled();
    assert.equal(service.host?.servicePort, 9090);
    assert.deepEqual(scene.feed.asked, [`https 9090 ${ORDERS}`, `http 9090 ${ORDERS}`]);
  });

  it('have the first of several hosts that the mesh has', async () => {
    const hosts = [`orders=nothing.shop.svc.cluster.local|${ORDERS}`];
    const scene = new Scene(new StaticFeed(inMesh(['10.0.0.1'])), { hosts });
    const service = scene.service();
    await settled();
    assert.equal(service.host?.host, ORDERS);
    assert.equal(scene.list(service), '10.0.0.1:8080');
  });

  it('keep first lists waiting for the mesh, once, and never without hope', async () => {
    const silent = new Scene(new StaticFeed(inMesh([]), { manual: true }));
    const service = silent.service();
    const waiting = silent.hub.ready(service);
    assert.ok(waiting !== undefined);
    silent.pass(2_000);
    await waiting;
    assert.equal(silent.hub.ready(service), undefined, 'one wait in vain is enough');
    silent.feed.up();
    await settled();
    assert.equal(service.meshKnown, true);

    const down = new Scene(new StaticFeed(inMesh([]), { manual: true }));
    const other = down.service();
    const hopeless = down.hub.ready(other);
    down.feed.down(false);
    await hopeless;
    assert.equal(down.hub.ready(other), undefined);
  });

  it('switch sides by time alone: a truthful empty after 30 s, a lost link after 5 s', async () => {
    const scene = new Scene(new StaticFeed(inMesh(['10.0.0.1'])), { modes: ['*=xds-first'] });
    const changes: string[] = [];
    const service = scene.service(changes);
    scene.records = ['10.0.9.9:80'];
    service.heard(scene.records);
    await settled();
    assert.equal(scene.list(service), '10.0.0.1:8080');
    scene.feed.set(inMesh([]));
    await settled();
    assert.equal(scene.list(service), '');
    scene.pass(30_000);
    assert.equal(changes.at(-1), '10.0.9.9:80');
    scene.feed.set(inMesh(['10.0.0.1']));
    await settled();
    assert.equal(scene.list(service), '10.0.0.1:8080');
    scene.feed.down(true);
    scene.pass(4_999);
    assert.equal(scene.list(service), '10.0.0.1:8080');
    scene.pass(1);
    assert.equal(changes.at(-1), '10.0.9.9:80');
    scene.feed.up();
    await settled();
    assert.equal(changes.at(-1), '10.0.0.1:8080');
  });

  it('change their mode at run time', async () => {
    const scene = new Scene(new StaticFeed(inMesh(['10.0.0.1'])));
    const changes: string[] = [];
    const service = scene.service(changes);
    scene.records = ['10.0.9.9:80'];
    await settled();
    scene.hub.setRules({ modes: ['nacos/orders=off'], calls: [] });
    assert.equal(changes.at(-1), '10.0.9.9:80');
    assert.equal(
      scene.hub.book.find('10.0.9.9', 80, 100_000, undefined),
      undefined,
      'nor are its addresses ours',
    );
    scene.hub.setRules({ modes: [], calls: [] });
    assert.equal(changes.at(-1), '10.0.9.9:80,10.0.0.1:8080');
    assert.equal(scene.hub.book.find('10.0.9.9', 80, 0, undefined)?.owner.host, ORDERS);
    assert.equal(scene.list(service), '10.0.9.9:80,10.0.0.1:8080');
  });

  it('say once that a name has no host', () => {
    const scene = new Scene(new StaticFeed(inMesh([])));
    const name = { source: 'dubbo', service: 'com.acme.Orders' } as const;
    assert.equal(scene.hub.service(name), undefined);
    assert.equal(scene.hub.service(name), undefined);
    assert.deepEqual(scene.lines, ['registry.not-mapped']);
  });
});
