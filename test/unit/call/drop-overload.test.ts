import assert from 'node:assert/strict';
import { cluster, endpoint, forward, route } from '../../support/static-feed';
import { attempt, edits, header, localReply, REPLAYABLE, reviews, scene } from './scene';

const ENDPOINTS = [endpoint('10.0.0.1', 80), endpoint('10.0.0.2', 80)];

function dropping(numerator: number) {
  const { cluster: c, endpoints } = cluster('c', ENDPOINTS);
  const dropOverloads = [{ category: 'lb', fraction: { numerator, denominator: 100 } }];
  return scene(reviews([route(forward('c'))], [{ cluster: c, endpoints: { ...endpoints, dropOverloads } }]));
}

/** Texts, headers and flags as Envoy 1.40.0 gave them. */
describe('drop_overloads', () => {
  it('all calls: 503 unconditional drop overload, UDO', () => {
    const reply = dropping(100).reply();
    assert.deepEqual([reply.status, reply.body, reply.flag], [503, 'unconditional drop overload', 'UDO']);
    assert.equal(header(reply, 'x-envoy-unconditional-drop-overload'), 'true');
  });
  it('a share of the calls: 503 drop overload, DO', () => {
    const { begin } = dropping(40);
    const replies = Array.from({ length: 2000 }, () => begin()).filter((one) => one?.kind === 'local-reply');
    assert.ok(Math.abs(replies.length - 800) < 100, `${replies.length}`);
    const reply = localReply(replies[0]!);
    assert.deepEqual([reply.status, reply.body, reply.flag], [503, 'drop overload', 'DO']);
    assert.equal(header(reply, 'x-envoy-drop-overload'), 'true');
  });
  it('0 %: nothing is dropped', () => {
    assert.equal(dropping(0).begin()?.kind, 'call');
  });
});

describe('calls by a key', () => {
  const loadBalancing = { kind: 'MAGLEV', tableSize: 101 } as const;
  const hashPolicies = [{ kind: 'cookie', name: 's', ttlMs: 1000, path: '', terminal: false }] as const;
  const model = reviews(
    [route(forward('c', { hashPolicies }))],
    [cluster('c', ENDPOINTS, { loadBalancing })],
  );

  it('the cookie that was made goes with the response, and leads back', () => {
    const { call } = scene(model);
    for (let i = 0; i < 20; i++) {
      const first = call();
      const { address } = attempt(first.next(0)).endpoint;
      const reaction = first.response(0, 200, () => undefined, REPLAYABLE);
      assert.equal(reaction.kind, 'deliver');
      const line = edits(reaction as Parameters<typeof edits>[0]).find((edit) =>
        edit.startsWith('add set-cookie'),
      );
      const cookie = line!.slice('add set-cookie: '.length).split(';')[0]!;
      const again = call('/', { headers: { cookie } });
      assert.equal(attempt(again.next(0)).endpoint.address, address);
      const second = again.response(0, 200, () => undefined, REPLAYABLE);
      assert.ok(!edits(second as Parameters<typeof edits>[0]).some((edit) => edit.includes('set-cookie')));
    }
  });
});
