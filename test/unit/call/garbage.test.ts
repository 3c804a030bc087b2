import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createMesh } from '../../../src/call';
import { type FeedListener, HostIndex } from '../../../src/model';
import { head } from '../../support/http-head';
import { cluster, endpoint, forward, retryPolicy, route, virtualHost } from '../../support/static-feed';

/** Replaces random parts of a value by random other values. */
function broken(value: unknown, random: () => number, depth = 0): unknown {
  if (random() < 0.06) {
    const odd = [undefined, null, 0, -1, Number.NaN, '', 'x', [], {}, true, () => 0, Symbol.iterator, 1n];
    return odd[Math.floor(random() * odd.length)];
  }
  if (Array.isArray(value)) return value.map((one) => broken(one, random, depth + 1));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, one]) => [key, broken(one, random, depth + 1)]),
    );
  }
  return value;
}

const MODEL = virtualHost(
  ['reviews'],
  [
    route(
      forward('c', {
        retry: retryPolicy({ on: ['5xx', 'reset'] }),
        timeoutMs: 100,
        prefixRewrite: '/x',
        hostRewrite: 'y',
        regexRewrite: { regex: 'a', substitution: 'b' },
      }),
      '/api',
      {
        headers: {
          request: {
            remove: ['x-a'],
            add: [{ name: 'x-b', value: '%REQ(x)%', action: 'add-if-absent', keepEmptyValue: true }],
          },
          response: { remove: [], add: [] },
        },
      },
    ),
    route({ kind: 'redirect', status: 301, path: '/p', stripQuery: false }, '/redirect'),
    route({ kind: 'direct-response', status: 200, body: 'b' }, '/direct'),
    route(forward('c')),
  ],
);
const CLUSTER = cluster('c', [endpoint('10.0.0.1', 80), endpoint('10.0.0.2', 80, { weight: 3 })]);

describe('a garbage model', () => {
  it('never throws out of the mesh, its listener or its calls', () => {
    fc.assert(
      fc.property(fc.infiniteStream(fc.double({ min: 0, max: 0.999999, noNaN: true })), (stream) => {
        const random = () => stream.next().value as number;
        let listener: FeedListener | undefined;
        const mesh = createMesh({
          feed: {
            state: 'up',
            start: () => undefined,
            ask: () => undefined,
            answer: () => undefined,
            listen: (other) => {
              listener = other;
            },
          },
          firstUseTimeoutMs: 1,
          envoyHeaders: true,
          log: { line: () => undefined },
          random,
        });
        const catchAll = { slots: new Uint32Array(0), suffixes: [], prefixes: [], catchAll: true };
        listener!.onState('up', true);
        listener!.onClusterPorts(new Set([80]));
        listener!.onPortIndex(80, new HostIndex(catchAll));
        listener!.onClusters([broken(CLUSTER, random) as never], ['gone']);
        const service = { kind: 'http', virtualHost: broken(MODEL, random) };
        listener!.onHost('http', 80, 'reviews', service as never);
        for (const path of ['/api/x', '/redirect', '/direct', '/', '*', '', 'http://reviews/y', '/%']) {
          assert.ok(['ours', 'not-ours', 'unknown'].includes(mesh.ownership('http', 'reviews', 80)));
          const begun = mesh.begin('http', 'reviews', 80, head(path), 0);
          if (begun?.kind !== 'call') continue;
          begun.next(0);
          begun.connected(1);
          begun.requestSent(1);
          begun.perTryTimeout(1, { replayable: true });
          begun.next(0);
          begun.reset(2, 'connection-termination', { replayable: true });
          begun.next(2);
          begun.response(3, 503, () => undefined, { replayable: false });
          begun.timeout(4);
          begun.responseEnded(4, false);
          begun.end(5);
        }
      }),
      { seed: 8, numRuns: 2000 },
    );
  });
});
