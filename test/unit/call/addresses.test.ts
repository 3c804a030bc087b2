/** Calls to addresses that a registry client was given (decision 25). */

import assert from 'node:assert/strict';
import { type Attempt, type Call, createMesh } from '../../../src/call';
import type { ClusterSnapshot } from '../../../src/model';
import { Addresses } from '../../../src/registry';
import { AddressBook, type AddressOwner } from '../../../src/registry/address-book';
import { type HeadChanges, head } from '../../support/http-head';
import { seededRandom } from '../../support/seeded-random';
import {
  cluster,
  endpoint,
  forward,
  retryPolicy,
  route,
  StaticFeed,
  virtualHost,
} from '../../support/static-feed';

const ALL = 'outbound|80||orders';
const CANARY = 'outbound|80|v2|orders';
const [A, B, C] = ['10.0.0.1', '10.0.0.2', '10.0.0.3'];
const RETRIES = { retry: retryPolicy({ on: ['connect-failure'], numRetries: 2 }) };
const byHeader = {
  path: { kind: 'prefix', value: '/', caseSensitive: true },
  headers: [
    {
      name: 'x-canary',
      test: { kind: 'present', present: true },
      invert: false,
      treatMissingAsEmpty: false,
    },
  ],
  query: [],
} as const;

function scene(more: Partial<ClusterSnapshot['cluster']> = {}, owner: Partial<AddressOwner> = {}) {
  const addresses = new Addresses();
  const book = new AddressBook(() => addresses.changed());
  let last: string | undefined;
  addresses.use({
    find: (ip, port) => book.find(ip, port, 0, last),
    isShared: (ip, port) => book.isShared(ip, port),
  });
  const feed = new StaticFeed(
    {
      ports: {
        80: [
          virtualHost(
            ['orders'],
            [route(forward(CANARY, RETRIES), '/', { match: byHeader }), route(forward(ALL, RETRIES))],
          ),
          virtualHost(['users'], [route(forward('users'))]),
        ],
      },
      clusters: [
        cluster(ALL, [endpoint(A!, 8080), endpoint(B!, 8080)], more),
        cluster(CANARY, [endpoint(B!, 8080)]),
        cluster('users', [endpoint(B!, 8080)]),
      ],
    },
    { manual: true },
  );
  const mesh = createMesh({
    feed,
    addresses,
    firstUseTimeoutMs: 2_000,
    envoyHeaders: true,
    log: { line: () => undefined },
    random: seededRandom(1),
    onCall: { wanted: () => false, ended: () => undefined },
  });
  const orders = { host: 'orders', port: 80, pinned: true, ...owner };
  const inMesh = new Set([`${A}:8080`, `${B}:8080`]);
  const list = {};
  const handOut = (...ips: string[]) =>
    book.handOut(
      list,
      orders,
      ips.map((ip) => ({ ip, port: 8080 })),
      (key) => inMesh.has(key),
      0,
    );
  handOut(A!, B!, C!);
  mesh.ownership('http', A!, 8080);
  mesh.ownership('http', 'users', 80);
  feed.up();
  const begin = (ip: string, changes: HeadChanges = {}) =>
    mesh.begin('http', ip, 8080, head('/x', { authority: `${ip}:8080`, ...changes }), 0);
  const first = (ip: string, changes: HeadChanges = {}) => {
    const call = begin(ip, changes);
    assert.equal(call?.kind, 'call');
    return (call as Call).next(0) as Attempt;
  };
  return { mesh, book, handOut, begin, first, lookUp: (host: string) => (last = host) };
}

const REPLAYABLE = { replayable: true };

describe('calls to addresses that a registry client was given', () => {
  it('are calls to the service, first where the application chose, with its own Host header', () => {
    const { mesh, first } = scene();
    assert.equal(mesh.ownership('http', A!, 8080), 'ours');
    for (const ip of [A!, B!, A!, B!, B!]) {
      const attempt = first(ip);
      assert.deepEqual([attempt.endpoint.address, attempt.cluster, attempt.authority], [ip, ALL, undefined]);
    }
  });

  it('go to another instance when the connection fails', () => {
    const { begin } = scene();
    const call = begin(A!) as Call;
    call.next(0);
    assert.equal(call.reset(1, 'remote-connection-failure', REPLAYABLE).kind, 'retry');
    assert.equal((call.next(2) as Attempt).endpoint.address, B);
  });

  it('go elsewhere where the route does', () => {
    const { first } = scene();
    const attempt = first(A!, { headers: { 'x-canary': '1' } });
    assert.deepEqual([attempt.endpoint.address, attempt.cluster], [B, CANARY]);
  });

  it('go to an instance that only the registry knows, under the rules of the whole host, and fail over to the mesh', () => {
    const { begin } = scene();
    const call = begin(C!) as Call;
    assert.equal((call.next(0) as Attempt).endpoint.address, C);
    assert.equal(call.reset(1, 'remote-connection-failure', REPLAYABLE).kind, 'retry');
    assert.ok([A, B].includes((call.next(2) as Attempt).endpoint.address));
  });

  it('are left to the application where such an instance would have to speak TLS', () => {
    const tls = { kind: 'tls', subjectAltNames: [], insecureSkipVerify: false } as const;
    const { begin } = scene({ tls });
    assert.equal(begin(C!), undefined);
    assert.equal(begin(A!)?.kind, 'call');
  });

  it('are balanced anew where that is asked for', () => {
    const { first } = scene({}, { pinned: false });
    const chosen = new Set([1, 2, 3, 4, 5, 6].map(() => first(A!).endpoint.address));
    assert.deepEqual([...chosen].sort(), [A, B]);
  });

  it('are not ours when the address is nobody’s, or several services’; the last looked up decides', () => {
    const { mesh, book, handOut, first, lookUp } = scene();
    assert.equal(mesh.ownership('http', '10.0.0.4', 8080), 'not-ours');
    assert.equal(mesh.ownership('http', A!, 8081), 'not-ours');
    assert.equal(mesh.ownership('https', A!, 8080), 'not-ours');
    const other = {};
    book.handOut(other, { host: 'users', port: 80, pinned: true }, [{ ip: B!, port: 8080 }], () => true, 0);
    assert.equal(mesh.ownership('http', B!, 8080), 'not-ours');
    assert.equal(book.ambiguousCalls, 1);
    lookUp('users');
    assert.equal(first(B!).cluster, 'users');
    lookUp('orders');
    assert.equal(first(B!).cluster, ALL);
    book.forget(other, 0);
    handOut(A!);
    assert.equal(mesh.ownership('http', A!, 8080), 'ours');
  });

  it('obey a Host header that names another service of the mesh', () => {
    assert.equal(scene().first(A!, { authority: 'users' }).cluster, 'users');
  });
});
