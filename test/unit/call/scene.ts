/** A mesh over a static feed, ready to be asked, with what it reported and logged. */

import assert from 'node:assert/strict';
import {
  type Attempt,
  type Begin,
  type Call,
  createMesh,
  type LocalReply,
  type Mesh,
} from '../../../src/call';
import type { ClusterSnapshot, Route, VirtualHost } from '../../../src/model';
import type { CallRecord } from '../../../src/observe/call-report';
import { type HeadChanges, head } from '../../support/http-head';
import { seededRandom } from '../../support/seeded-random';
import { cluster, endpoint, StaticFeed, type StaticMesh, virtualHost } from '../../support/static-feed';

export const TWO = cluster('c', [endpoint('10.0.0.1', 80), endpoint('10.0.0.2', 80)]);
export const REPLAYABLE = { replayable: true };
export const NOT_REPLAYABLE = { replayable: false };

export interface Scene {
  readonly mesh: Mesh;
  readonly feed: StaticFeed;
  readonly records: CallRecord[];
  /** `event: message`. */
  readonly lines: string[];
  /** begin() of a GET to `reviews`. */
  begin(path?: string, changes?: HeadChanges, now?: number): Begin;
  call(path?: string, changes?: HeadChanges, now?: number): Call;
  reply(path?: string, changes?: HeadChanges): LocalReply;
}

export interface SceneOptions {
  readonly envoyHeaders?: boolean;
  readonly decorator?: boolean;
  readonly firstUseTimeoutMs?: number;
  readonly currentRoute?: () => string | undefined;
  /** The control plane says nothing before `feed.up()`. */
  readonly manual?: boolean;
  readonly seed?: number;
}

export function scene(model: StaticMesh, options: SceneOptions = {}): Scene {
  const feed = new StaticFeed(model, { manual: true });
  const records: CallRecord[] = [];
  const lines: string[] = [];
  const mesh = createMesh({
    feed,
    firstUseTimeoutMs: options.firstUseTimeoutMs ?? 2000,
    envoyHeaders: options.envoyHeaders ?? true,
    decorator: options.decorator,
    log: { line: (_level, event, message) => lines.push(`${event}: ${message}`) },
    random: seededRandom(options.seed ?? 1),
    onCall: { wanted: () => true, ended: (record) => records.push(record) },
    currentRoute: options.currentRoute,
  });
  if (!options.manual) {
    mesh.ownership('http', 'reviews', 80);
    feed.up();
  }
  const begin = (path = '/', changes: HeadChanges = {}, now = 0) =>
    mesh.begin('http', 'reviews', 80, head(path, changes), now);
  return {
    mesh,
    feed,
    records,
    lines,
    begin,
    call: (path, changes, now) => {
      const begun = begin(path, changes, now);
      assert.equal(begun?.kind, 'call');
      return begun as Call;
    },
    reply: (path, changes) => {
      const begun = begin(path, changes);
      assert.equal(begun?.kind, 'local-reply');
      return begun as LocalReply;
    },
  };
}

/** Virtual host `reviews` on port 80 with these routes, over these clusters. */
export function reviews(
  routes: readonly Route[],
  clusters: readonly ClusterSnapshot[] = [TWO],
  changes: Partial<VirtualHost> = {},
): StaticMesh {
  return { ports: { 80: [virtualHost(['reviews', 'reviews.shop'], routes, changes)] }, clusters };
}

export function attempt(of: Attempt | LocalReply): Attempt {
  assert.equal(of.kind, 'attempt');
  return of as Attempt;
}

export function localReply(of: { readonly kind: string }): LocalReply {
  assert.equal(of.kind, 'local-reply');
  return of as LocalReply;
}

/** `name: value` of all edits, with the kind of the edit in front. */
export function edits(of: { readonly edits: Attempt['edits'] }): string[] {
  return of.edits.map(({ op, name, value }) =>
    value === undefined ? `${op} ${name}` : `${op} ${name}: ${value}`,
  );
}

export function header(reply: LocalReply, name: string): string | undefined {
  return reply.headers.find(([other]) => other === name)?.[1];
}
