/** `inmesh explain` as a program, against the embedded control plane. */

import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Explanation } from '../../../src/cli/explanation/build';
import { loadSettings } from '../../../src/config';
import { object, REVIEWS, SUBSETS } from '../../support/dev-cases/base';
import { DevScene, inmesh } from '../../support/inmesh-command';
import { linkSettings, runLink, stopLinks } from '../../support/link-harness';

const MESH = [
  REVIEWS,
  object(
    'DestinationRule',
    'reviews',
    `host: reviews
trafficPolicy:
  loadBalancer: {simple: ROUND_ROBIN}
  outlierDetection: {consecutive5xxErrors: 7}
${SUBSETS}`,
  ),
  object(
    'VirtualService',
    'reviews',
    `hosts: [reviews]
http:
- name: canary
  match: [{uri: {prefix: /api}, headers: {x-user: {exact: beta}}}]
  rewrite: {uri: /v2}
  route: [{destination: {host: reviews, subset: v2}, headers: {request: {set: {x-canary: "yes"}}}}]
- name: split
  timeout: 2s
  retries: {attempts: 3, perTryTimeout: 500ms, retryOn: 5xx}
  route:
  - {destination: {host: reviews, subset: v1}, weight: 90}
  - {destination: {host: reviews, subset: v2}, weight: 10}`,
  ),
  object(
    'VirtualService',
    'moved',
    'hosts: [moved.shop]\nhttp:\n- match: [{uri: {exact: /old}}]\n  redirect: {uri: /new, redirectCode: 308}',
  ),
  object(
    'VirtualService',
    'nowhere',
    'hosts: [nowhere.shop]\nhttp: [{route: [{destination: {host: ghost}}]}]',
  ),
].join('');
const HOST = 'reviews.shop.svc.cluster.local';

describe('inmesh explain', function () {
  this.timeout(60_000);
  let scene: DevScene;
  before(async () => {
    scene = await DevScene.start(MESH);
  });
  after(() => scene.stop());
  afterEach(stopLinks);

  async function explained(url: string, ...args: string[]): Promise<Explanation> {
    const { code, out, err } = await inmesh(['explain', url, '--json', ...args], scene.env);
    assert.equal(err, '');
    assert.equal(code, 0);
    return JSON.parse(out) as Explanation;
  }

  it('a call that a rule takes: host, domain, route and why not the others, cluster, policy, endpoints, objects', async () => {
    const found = await explained('http://reviews/api/x?q=1', '-H', 'X-User: beta');
    assert.equal(found.managed, true);
    assert.deepEqual(found.node, {
      podName: 'web-1',
      podNamespace: 'shop',
      serviceAccount: 'web',
      labels: { app: 'web' },
    });
    assert.equal(found.virtualHost!.name, `${HOST}:80`);
    assert.equal(found.virtualHost!.domain, 'reviews');
    assert.deepEqual(
      found.routes.map(({ route, verdict }) => [route.name, verdict]),
      [
        ['canary', 'chosen'],
        ['split', 'later'],
      ],
    );
    assert.equal(found.outcome!.kind, 'forward');
    if (found.outcome!.kind !== 'forward') return;
    const [destination] = found.outcome!.destinations;
    assert.equal(destination!.path, '/v2/x?q=1');
    assert.deepEqual(
      destination!.requestHeaders.filter(({ name }) => /canary|original/.test(name)),
      [
        { op: 'set', name: 'x-canary', value: 'yes' },
        { op: 'set', name: 'x-envoy-original-path', value: '/api/x?q=1' },
      ],
    );
    const [cluster] = found.clusters;
    assert.deepEqual([cluster!.host, cluster!.port, cluster!.subset], [HOST, 80, 'v2']);
    assert.equal(cluster!.cluster!.loadBalancing.kind, 'ROUND_ROBIN');
    assert.equal(cluster!.cluster!.outlierDetection!.consecutive5xx, 7);
    assert.deepEqual(
      cluster!.endpoints.map(({ address, weight, locality, health }) => [address, weight, locality, health]),
      [
        ['10.0.0.2', 3, 'r1/z2', 'UNKNOWN'],
        ['10.0.0.3', 1, 'r2/z1', 'UNKNOWN'],
      ],
    );
    assert.deepEqual(found.objects, [
      { kind: 'VirtualService', namespace: 'shop', name: 'reviews' },
      { kind: 'DestinationRule', namespace: 'shop', name: 'reviews' },
      { kind: 'ServiceEntry', namespace: 'shop', host: HOST },
    ]);
  });

  it('for a person: the answer first, the shares, and each condition that does not hold', async () => {
    const { code, out } = await inmesh(['explain', `http://${HOST}/`, '-X', 'POST'], scene.env);
    assert.equal(code, 0);
    const lines = out.split('\n');
    assert.equal(lines[0], `POST http://${HOST}/`);
    assert.match(
      lines[2]!,
      /^MANAGED: forwarded by route 2 to 90 % .* subset v1 \(1 endpoint\), 10 % .* subset v2 \(2 endpoints\)$/,
    );
    assert.match(
      out,
      /1\. canary, VirtualService shop\/reviews: does not match\n +NO {2}path: prefix "\/api"; the call has "\/"\n +NO {2}header x-user: exact "beta"; the call has nothing/,
    );
    assert.match(out, /=> 2\. split, VirtualService shop\/reviews: takes the call/);
    assert.match(out, /timeout +2 s\n +retries +3 more on 5xx; each try 500 ms; back-off 25 ms to 250 ms/);
    assert.match(out, /x-envoy-expected-rq-timeout-ms: 500/);
    assert.match(out, /rule +DestinationRule shop\/reviews\n +balancing +ROUND_ROBIN/);
    assert.match(out, /outlier +7 5xx in a row/);
    assert.match(out, /10\.0\.0\.1:9081 +HEALTHY +1 +0 +r1\/z1/);
  });

  it('a redirect, a call that no route takes, a destination that does not exist', async () => {
    const moved = await explained('http://moved.shop/old');
    assert.deepEqual(moved.outcome, { kind: 'redirect', status: 308, location: 'http://moved.shop/new' });
    const none = await explained('http://moved.shop/other');
    assert.deepEqual(none.outcome, { kind: 'no-route', status: 404, flag: 'NR' });
    assert.match(
      none.notes.join(),
      /no route of moved\.shop.* takes GET \/other: the call is answered with 404 NR/,
    );
    const ghost = await explained('http://nowhere.shop/');
    assert.match(ghost.clusters[0]!.notes.join(), /the control plane has no cluster .*ghost.*503 NC/);
  });

  it('hosts that are not ours: why', async () => {
    const cases: readonly (readonly [string, RegExp])[] = [
      ['http://example.com/', /in no virtual host of port 80; virtual host allow_any .* ALLOW_ANY/],
      [
        'http://reviews:9999/',
        /no mesh service has port 9999: the control plane has clusters on ports 80, 8080/,
      ],
      ['http://localhost/', /localhost is never the mesh/],
      [
        'https://example.com:8080/',
        /no mesh service has the host and port 8080: there is no cluster outbound\|8080\|\|example\.com/,
      ],
    ];
    for (const [url, why] of cases) {
      const found = await explained(url);
      assert.equal(found.managed, false, url);
      assert.match(found.why!, why);
    }
    const off = await inmesh(['explain', 'http://reviews/'], { ...scene.env, INMESH: 'off' });
    assert.match(
      off.out,
      /NOT MANAGED: the agent is switched off \(INMESH=off or its alias\)\.\n.*What follows/,
    );
  });

  it('https: the cluster and its endpoints, and what does not apply', async () => {
    const found = await explained('https://reviews:8080/');
    assert.equal(found.managed, true);
    assert.equal(found.clusters[0]!.name, `outbound|8080||${HOST}`);
    assert.match(found.notes.join(), /TLS is begun by the application: only the endpoint is chosen/);
  });

  it('the Host header counts, as at a sidecar', async () => {
    const found = await explained('http://reviews/old', '-H', 'Host: moved.shop');
    assert.equal(found.outcome!.kind, 'redirect');
    assert.match(found.notes.join(), /the Host header counts/);
  });

  it('from a snapshot, with the control plane away', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'inmesh-explain-'));
    try {
      const { identity } = loadSettings(scene.env);
      const { link, feed, stop } = await runLink(
        linkSettings(scene.env.INMESH_XDS, { identity, snapshotDir: folder }),
      );
      link.ask('http', 80, 'reviews');
      let written: string[] = [];
      const timer = setInterval(
        () =>
          void readdir(folder).then((names) => {
            written = names.filter((name) => name.endsWith('.snapshot'));
            feed.poke();
          }),
        20,
      );
      await feed.until('written', () => written.length > 0).finally(() => clearInterval(timer));
      await stop();
      const env = { ...scene.env, INMESH_XDS: scene.env.INMESH_XDS };
      const { code, out, err } = await inmesh(['explain', 'http://reviews/', '--snapshot', folder], env);
      assert.equal(err, '');
      assert.equal(code, 0);
      assert.match(out, /MANAGED: forwarded by route 2/);
      assert.match(out, /snapshot +.*\.snapshot\n +written .* ago/);
      assert.match(out, /10\.0\.0\.1:9081/);
      const other = await inmesh(['explain', 'http://moved.shop/', '--snapshot', folder], env);
      assert.match(other.out, /NOT MANAGED: the snapshot has the host's name, but not its routes/);
      // Copied to another machine: the only snapshot of the folder is taken, and it is said whose it is.
      const foreign = await inmesh(['explain', 'http://reviews/', '--snapshot', folder], {
        INMESH_XDS: 'grpc://x:1',
      });
      assert.match(foreign.out, /MANAGED: forwarded[\s\S]*the snapshot is of another identity .*web-1/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('exit codes: 1 no answer, 2 wrong usage, each with one sentence', async () => {
    const away = { ...scene.env, INMESH_XDS: 'grpc://127.0.0.1:1', INMESH_SNAPSHOT_DIR: '/tmp/x' };
    const cases: readonly (readonly [string[], Record<string, string>, number, RegExp])[] = [
      [['http://reviews/'], away, 1, /cannot be reached.*check INMESH_XDS[\s\S]*--snapshot \/tmp\/x/],
      [['http://reviews/', '--snapshot', '/nowhere'], away, 1, /\/nowhere cannot be read: ENOENT/],
      [['reviews'], scene.env, 2, /is no URL to call/],
      [['http://reviews/', '-H', 'x'], scene.env, 2, /is no header line/],
      [['http://reviews/', '--timeout', 'soon'], scene.env, 2, /is no duration/],
      [[], scene.env, 2, /missing required argument 'url'/],
    ];
    for (const [args, env, code, expected] of cases) {
      const ended = await inmesh(['explain', ...args], env);
      assert.match(ended.err, expected);
      assert.equal(ended.code, code, args.join(' '));
      assert.doesNotMatch(ended.err, /\n\s+at /, 'no stack');
      assert.equal(ended.out, '');
    }
  });
});
