import assert from 'node:assert/strict';
import type { Mesh } from '../../../src/call';
import { forward, route, virtualHost } from '../../support/static-feed';
import { reviews, scene, TWO } from './scene';

const MODEL = reviews([route(forward('c'))]);

function known(mesh: Mesh, host: string, port = 80, scheme: 'http' | 'https' = 'http'): Promise<string> {
  return new Promise((resolve) => mesh.whenKnown(scheme, host, port, resolve));
}

describe('ownership', () => {
  it('a host is parked until the link has answered, then it is ours', async () => {
    const { mesh, feed } = scene(MODEL, { manual: true });
    assert.equal(mesh.ownership('http', 'reviews', 80), 'unknown');
    assert.equal(feed.state, 'connecting');
    const answer = known(mesh, 'reviews');
    feed.up();
    assert.equal(await answer, 'ours');
    assert.equal(mesh.ownership('http', 'reviews', 80), 'ours');
  });
  it('case, a trailing dot and other domains of the virtual host make no difference', async () => {
    const { mesh } = scene(MODEL);
    for (const host of ['Reviews', 'reviews.', 'REVIEWS.', 'reviews.shop', 'Reviews.Shop.']) {
      assert.equal(await known(mesh, host), 'ours', host);
      assert.equal(mesh.ownership('http', host, 80), 'ours', host);
    }
  });
  it('after RDS of a port every host that is not on it is decided synchronously', () => {
    const { mesh, feed } = scene(MODEL);
    const asked = feed.asked.length;
    assert.equal(mesh.ownership('http', 'example.com', 80), 'not-ours');
    assert.equal(feed.asked.length, asked);
  });
  it('a port that no mesh service has is answered at once', () => {
    const { mesh } = scene(MODEL);
    assert.equal(mesh.ownership('http', 'reviews', 81), 'not-ours');
    assert.equal(mesh.ownership('https', 'reviews', 443), 'not-ours');
  });
  it('a Host header that names another host: the call waits until it is known whose that is', async () => {
    const other = virtualHost(['other'], [route(forward('c'))]);
    const model = { ...MODEL, ports: { 80: [...MODEL.ports[80]!, other] } };
    const { mesh, feed, begin } = scene(model);
    const begun = begin('/', { authority: 'Other:80' });
    assert.deepEqual(begun, { kind: 'unknown', host: 'other', port: 80 });
    assert.equal(await known(mesh, 'other'), 'ours');
    const call = begin('/', { authority: 'other' });
    assert.equal(call?.kind === 'call' && call.host, 'other');
    assert.equal((begin('/', { authority: 'elsewhere.test' }) as { host?: string }).host, 'reviews');
    assert.equal(feed.asked.length, 2);
  });
  it('a Host header whose host never becomes known: the host that was dialled counts', async () => {
    const { mesh, feed, begin } = scene(MODEL, { firstUseTimeoutMs: 20 });
    feed.set({ ...MODEL, ports: { 80: [...MODEL.ports[80]!, virtualHost(['*.late'], [])] } });
    feed.down(true);
    assert.equal(begin('/', { authority: 'a.late' })?.kind, 'unknown');
    assert.equal(await known(mesh, 'a.late'), 'not-ours');
    assert.equal((begin('/', { authority: 'a.late' }) as { host?: string }).host, 'reviews');
  });
  it('localhost and IP literals never wait, not even before the link is up', () => {
    const { mesh, feed } = scene(MODEL, { manual: true });
    for (const host of ['localhost', 'LOCALHOST', '127.0.0.1', '10.0.0.1', '::1', '[2001:db8::1]']) {
      assert.equal(mesh.ownership('http', host, 80), 'not-ours', host);
      assert.equal(mesh.ownership('https', host, 443), 'not-ours', host);
    }
    assert.equal(feed.state, 'connecting');
  });
  it('a call to localhost alone does not start the link', () => {
    const { mesh, feed } = scene(MODEL, { manual: true });
    mesh.ownership('http', 'localhost', 80);
    assert.equal(feed.state, 'idle');
  });
  it('a VIP of the index is ours', async () => {
    const model = {
      ports: { 80: [virtualHost(['reviews', '240.0.0.1'], [route(forward('c'))])] },
      clusters: [TWO],
    };
    const { mesh } = scene(model);
    assert.equal(await known(mesh, '240.0.0.1'), 'ours');
    assert.equal(mesh.ownership('http', '240.0.0.2', 80), 'not-ours');
  });
  it('an address of the reserved ranges can only be a VIP: the first call to it waits', async () => {
    const model = {
      ports: { 80: [virtualHost(['reviews', '240.240.0.1'], [route(forward('c'))])] },
      clusters: [TWO],
    };
    const { mesh, feed } = scene(model, { manual: true });
    const first = known(mesh, '240.240.0.1');
    feed.up();
    assert.equal(await first, 'ours');
  });
  it('an IP literal fetches its port, so that the next call may find a VIP', async () => {
    const model = {
      ports: { 80: [virtualHost(['reviews', '10.96.0.1'], [route(forward('c'))])] },
      clusters: [TWO],
    };
    const { mesh, feed } = scene(model, { manual: true });
    assert.equal(mesh.ownership('http', '10.96.0.1', 80), 'not-ours');
    mesh.ownership('http', '10.0.0.9', 80);
    assert.deepEqual(feed.asked, ['http 80 10.96.0.1']);
    feed.up();
    assert.equal(await known(mesh, '10.96.0.1'), 'ours');
  });
  it('a catch-all rule makes every host ours, but not loopback', async () => {
    const { mesh } = scene({ ports: { 80: [virtualHost(['*'], [route(forward('c'))])] }, clusters: [TWO] });
    assert.equal(await known(mesh, 'example.com'), 'ours');
    assert.equal(mesh.ownership('http', '127.0.0.1', 80), 'not-ours');
  });
  it('https: a host of the mesh is ours by its cluster, others are not', async () => {
    const { mesh } = scene({ ports: {}, tls: { 'secure.shop:443': 'c' }, clusters: [TWO] });
    const both = [known(mesh, 'secure.shop', 443, 'https'), known(mesh, 'example.com', 443, 'https')];
    assert.deepEqual(await Promise.all(both), ['ours', 'not-ours']);
    assert.equal(mesh.ownership('https', 'example.com', 443), 'not-ours');
  });
  it('negative answers are dropped when the index of the port changes', async () => {
    const { mesh, feed } = scene(MODEL);
    assert.equal(mesh.ownership('http', 'ratings', 80), 'not-ours');
    feed.set({
      ports: { 80: [virtualHost(['ratings', 'reviews'], [route(forward('c'))])] },
      clusters: [TWO],
    });
    assert.equal(await known(mesh, 'ratings'), 'ours');
  });
  it('a host that vanishes is not ours any more, and comes back', () => {
    const { mesh, feed } = scene(MODEL);
    assert.equal(mesh.ownership('http', 'reviews', 80), 'ours');
    feed.set({ ports: { 80: [virtualHost(['other'], [route(forward('c'))])] }, clusters: [TWO] });
    assert.equal(mesh.ownership('http', 'reviews', 80), 'not-ours');
    feed.set(MODEL);
    assert.equal(mesh.ownership('http', 'reviews', 80), 'ours');
  });
});

describe('waiting for the first answer', () => {
  it('ends with "not ours" at the first-use timeout, and nothing waits again until the link is up', async () => {
    const { mesh, feed } = scene(MODEL, { manual: true, firstUseTimeoutMs: 25 });
    const from = performance.now();
    const both = await Promise.all([known(mesh, 'reviews'), known(mesh, 'ratings')]);
    assert.deepEqual(both, ['not-ours', 'not-ours']);
    assert.ok(performance.now() - from >= 24);
    assert.equal(mesh.ownership('http', 'reviews', 80), 'not-ours');
    assert.equal(mesh.ownership('http', 'another', 80), 'not-ours');
    feed.up();
    assert.equal(mesh.ownership('http', 'reviews', 80), 'ours');
  });
  it('ends at once when the link is known to be down and has no views', async () => {
    const { mesh, feed } = scene(MODEL, { manual: true });
    const answer = known(mesh, 'reviews');
    feed.down(false);
    assert.equal(await answer, 'not-ours');
    assert.equal(mesh.ownership('http', 'other', 80), 'not-ours');
  });
  it('goes on when the link is down but has views', async () => {
    const { mesh, feed } = scene(MODEL, { manual: true });
    const answer = known(mesh, 'reviews');
    feed.down(true);
    assert.equal(mesh.ownership('http', 'reviews', 80), 'unknown');
    feed.up();
    assert.equal(await answer, 'ours');
  });
  it('ends at once when the port turns out to have no mesh service', async () => {
    const { mesh, feed } = scene(MODEL, { manual: true });
    const answer = known(mesh, 'reviews', 8080);
    feed.up();
    assert.equal(await answer, 'not-ours');
  });
  it('answers asynchronously, also what is known', async () => {
    const { mesh } = scene(MODEL);
    let answered = false;
    mesh.whenKnown('http', 'reviews', 80, () => {
      answered = true;
    });
    assert.equal(answered, false);
    await known(mesh, 'reviews');
    assert.equal(answered, true);
  });
  it('can be taken back', async () => {
    const { mesh, feed } = scene(MODEL, { manual: true });
    const takeBack = mesh.whenKnown('http', 'reviews', 80, () => assert.fail('taken back'));
    const other = known(mesh, 'reviews');
    takeBack();
    takeBack();
    feed.up();
    assert.equal(await other, 'ours');
    mesh.whenKnown('http', 'reviews', 80, () => assert.fail('taken back'))();
    await known(mesh, 'reviews');
  });
  it('a callback that throws does not take others along', async () => {
    const { mesh, feed, lines } = scene(MODEL, { manual: true });
    mesh.whenKnown('http', 'reviews', 80, () => {
      throw new Error('boom');
    });
    const other = known(mesh, 'reviews');
    feed.up();
    assert.equal(await other, 'ours');
    assert.match(lines.join(), /boom/);
  });
});
