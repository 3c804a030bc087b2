import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Mesh } from '../../../src/call';
import type { FeedListener, LinkState, MeshFeed } from '../../../src/model';
import { isNetwork } from '../../../src/preload/first-listen';
import { GatedFeed } from '../../../src/preload/gated-feed';
import { LazyMesh } from '../../../src/preload/lazy-mesh';
import { findSidecar, type SidecarAddress } from '../../../src/preload/sidecar';
import { HookSwitch, Switches } from '../../../src/preload/switches';

const NO_MESH = {} as Mesh;

function throwing(error: unknown): never {
  throw error;
}

describe('preload: switches', () => {
  const toggles = { enabled: true, hooksOff: [] as string[], log: 'info' as const };
  function scene() {
    const events: string[] = [];
    const hook = new HookSwitch('http', NO_MESH, { line: (_level, event) => events.push(event) });
    const switches = new Switches(toggles);
    switches.add(hook);
    return { events, hook, switches };
  }

  it('turns a hook off after five errors, with a line, for good', () => {
    const { events, hook, switches } = scene();
    for (let i = 0; i < 4; i++) hook.failed(new Error('x'));
    assert.equal(hook.enabled(), true);
    hook.failed('not even an error');
    assert.equal(hook.enabled(), false);
    hook.failed(new Error('x'));
    assert.deepEqual(events.filter((event) => event === 'hook.off').length, 1);
    switches.set(toggles);
    assert.equal(hook.enabled(), false);
  });

  it('follows the settings file', () => {
    const { hook, switches } = scene();
    switches.set({ ...toggles, enabled: false });
    assert.equal(hook.enabled(), false);
    switches.set(toggles);
    assert.equal(hook.enabled(), true);
    switches.set({ ...toggles, hooksOff: ['http'] });
    assert.equal(hook.enabled(), false);
    switches.set({ ...toggles, hooksOff: ['express'] });
    assert.equal(hook.enabled(), true);
  });

  it('stays off beside a sidecar, whatever the settings file says', () => {
    const { hook, switches } = scene();
    switches.block();
    switches.set(toggles);
    assert.equal(hook.enabled(), false);
  });
});

describe('preload: the lazy mesh', () => {
  it('is made by the first question, once', () => {
    let made = 0;
    const real = {
      ownership: () => 'ours',
      begin: () => undefined,
      whenKnown: () => () => undefined,
    } as Mesh;
    const mesh = new LazyMesh(() => {
      made++;
      return real;
    }, throwing);
    assert.equal(made, 0);
    assert.equal(mesh.ownership('http', 'a', 80), 'ours');
    mesh.ownership('http', 'b', 80);
    assert.equal(made, 1);
  });

  it('that cannot be made owns nothing and says why once', (done) => {
    const errors: unknown[] = [];
    const mesh = new LazyMesh(
      () => {
        throw new Error('no agent.js');
      },
      (error) => errors.push(error),
    );
    assert.equal(mesh.ownership('http', 'a', 80), 'not-ours');
    assert.equal(mesh.begin('http', 'a', 80, {} as never, 0), undefined);
    assert.equal(errors.length, 1);
    mesh.whenKnown('http', 'b', 80, () => assert.fail('was cancelled'))();
    mesh.whenKnown('http', 'a', 80, (ownership) => {
      assert.equal(ownership, 'not-ours');
      done();
    });
  });
});

describe('preload: the gated feed', () => {
  function scene(broken = false) {
    const log: string[] = [];
    let answer: ((open: boolean) => void) | undefined;
    const link: MeshFeed = {
      state: 'up',
      start: () => log.push('start'),
      ask: (_scheme, _port, host) => log.push(`ask ${host}`),
      answer: () => undefined,
      listen: () => log.push('listen'),
    };
    const feed = new GatedFeed(
      (callback) => {
        answer = callback;
      },
      () => {
        if (broken) throw new Error('no link');
        return link;
      },
      (error) => log.push(String(error)),
    );
    const states: [LinkState, boolean][] = [];
    feed.listen({
      onState: (...state: [LinkState, boolean]) => states.push(state),
    } as unknown as FeedListener);
    return { feed, log, states, answer: (open: boolean) => answer?.(open) };
  }

  it('makes the link when the gate opens, then asks what was asked before', () => {
    const { feed, log, answer } = scene();
    assert.equal(feed.state, 'idle');
    feed.ask('http', 80, 'early');
    feed.start();
    feed.start();
    feed.ask('http', 80, 'parked');
    assert.equal(feed.state, 'connecting');
    answer(true);
    feed.ask('http', 80, 'late');
    assert.deepEqual(log, ['listen', 'start', 'ask early', 'ask parked', 'ask late']);
    assert.equal(feed.state, 'up');
  });

  it('is shut, and says why, when the link cannot be made', () => {
    const { feed, log, states, answer } = scene(true);
    feed.start();
    answer(true);
    assert.deepEqual([log, states, feed.state], [['Error: no link'], [['down', false]], 'down']);
  });

  it('is a link that is down and knows nothing when the gate stays shut', () => {
    const { feed, log, states, answer } = scene();
    feed.start();
    answer(false);
    feed.ask('http', 80, 'a');
    assert.deepEqual([log, states, feed.state], [[], [['down', false]], 'down']);
  });
});

describe('preload: looking for a sidecar', () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  function serve(header: string): Promise<SidecarAddress> {
    return new Promise((resolve) => {
      const server = createServer((_request, response) => response.setHeader('server', header).end('{}'));
      servers.push(server);
      server.listen(0, '127.0.0.1', () => {
        resolve({ port: (server.address() as AddressInfo).port, path: '/server_info', what: header });
      });
    });
  }

  const find = (addresses: SidecarAddress[]) =>
    new Promise<SidecarAddress | undefined>((resolve) => findSidecar(addresses, resolve));

  it('finds what answers as Envoy', async () => {
    const [other, envoy] = [await serve('nginx'), await serve('envoy')];
    assert.equal((await find([other, envoy]))?.port, envoy.port);
  });

  it('takes neither another server nor a closed port for one', async () => {
    const [other, closed] = [await serve('nginx'), await serve('envoy')];
    const server = servers.pop()!;
    await new Promise((resolve) => server.close(resolve));
    assert.equal(await find([other, closed]), undefined);
  });
});

describe('preload: the first listen', () => {
  const network: unknown[][] = [
    [],
    [80],
    ['80'],
    [0, '127.0.0.1'],
    [{ port: 0 }],
    [() => undefined],
    [undefined],
  ];
  for (const args of network)
    it(`counts listen(${JSON.stringify(args)})`, () => assert.equal(isNetwork(args), true));
  const others: unknown[][] = [['/tmp/x.sock'], [{ path: '/tmp/x.sock' }], [{ fd: 3 }]];
  for (const args of others)
    it(`does not count listen(${JSON.stringify(args)})`, () => assert.equal(isNetwork(args), false));
});
