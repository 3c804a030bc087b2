import assert from 'node:assert/strict';
import { Balancer } from '../../../src/balancing';
import { ClusterState } from '../../../src/cluster';
import type { HashPolicy } from '../../../src/model';
import { hashRequest, MatchInput } from '../../../src/routing';
import { type HeadChanges, head } from '../../support/http-head';
import { seededRandom } from '../../support/seeded-random';
import { cluster, endpoint } from '../../support/static-feed';

const snapshot = cluster(
  'c',
  [18101, 18102, 18103, 18104, 18109].map((port) => endpoint('127.0.0.1', port)),
  { loadBalancing: { kind: 'RING_HASH', minimumRingSize: 1024, maximumRingSize: 8 * 1024 * 1024 } },
);
const state = new ClusterState('c');
state.follow(snapshot.endpoints);
const balancer = new Balancer(snapshot, state, seededRandom(1));

function hashed(policies: readonly HashPolicy[], path: string, headers: HeadChanges['headers'] = {}) {
  const input = new MatchInput(head(path, { headers }), path, 'reviews', Math.random);
  return hashRequest(policies, input, { sourceIp: '127.0.0.1', random: seededRandom(7) });
}
/** The last digit of the chosen port for ten requests. */
function ports(request: (i: number) => ReturnType<typeof hashed>): string {
  return Array.from({ length: 10 }, (_, i) => {
    const { key } = request(i);
    assert.ok(key !== undefined);
    return String(balancer.pick(undefined, 0, 0, key)?.endpoint.port).slice(-1);
  }).join('');
}
const byUser: HashPolicy = { kind: 'header', name: 'x-user', terminal: false };
const byQuery: HashPolicy = { kind: 'query', name: 'q', terminal: false };
const byCookie: HashPolicy = { kind: 'cookie', name: 'session', ttlMs: 60_000, path: '/', terminal: false };

/** The expected digits are what Envoy 1.40.0 chose, by running it. */
describe('hash policies', () => {
  it('a header and a query parameter together make the key', () => {
    assert.equal(
      ports((i) => hashed([byUser, byQuery], `/?q=v${i}`, { 'x-user': `user-${i}` })),
      '1291391491',
    );
  });
  it('what is not in the request does not count', () => {
    assert.equal(
      ports((i) => hashed([byUser, byQuery], `/?q=v${i}`)),
      '4412999213',
    );
    assert.equal(hashed([byUser, byQuery], '/').key, undefined);
  });
  it('a terminal policy that found something ends it', () => {
    const terminal = { ...byUser, terminal: true };
    assert.equal(
      ports((i) => hashed([terminal, byQuery], `/?q=v${i}`, { 'x-user': `user-${i}` })),
      '1213992429',
    );
  });
  it('several lines of a header count together, whatever their order', () => {
    const expected = '1139932194';
    assert.equal(
      ports((i) => hashed([byUser], '/', { 'x-user': [`b${i}`, `a${i}`] })),
      expected,
    );
    assert.equal(
      ports((i) => hashed([byUser], '/', { 'x-user': [`a${i}`, `b${i}`] })),
      expected,
    );
  });
  it('of several cookies of the name the first counts', () => {
    assert.equal(
      ports((i) => hashed([byCookie], '/', { cookie: `session=user-${i}; session=zzz` })),
      '1213992429',
    );
  });
  it('the source address counts without its port', () => {
    const { key } = hashed([{ kind: 'source-ip', terminal: false }], '/');
    assert.equal(balancer.pick(undefined, 0, 0, key)?.endpoint.port, 18103);
  });
  it('a cookie with a ttl is made where there is none; sent back it leads to the same host', () => {
    const made = hashed([byCookie], '/', { cookie: 'session=' });
    const { value } = made.cookies[0]!;
    assert.match(value!, /^session="[0-9a-f]{16}"; Max-Age=60; Path=\/; HttpOnly$/);
    const again = hashed([byCookie], '/', { cookie: `other=1; ${value!.split(';')[0]}` });
    assert.deepEqual(again, { key: made.key, cookies: [] });
  });
  it('ttl 0 makes a session cookie; without a ttl none is made', () => {
    const session = hashed([{ ...byCookie, ttlMs: 0 }], '/');
    assert.match(session.cookies[0]!.value!, /^session="[0-9a-f]{16}"; Path=\/; HttpOnly$/);
    const never: HashPolicy = { kind: 'cookie', name: 'session', path: '/', terminal: false };
    assert.deepEqual(hashed([never], '/'), { key: undefined, cookies: [] });
  });
});
