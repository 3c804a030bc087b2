/** Mirrors of a route: copies of a call to other clusters, of whose outcome nobody hears. */

import type { CallReport } from '../observe/call-report';
import { drawFraction, type HeaderEdit } from '../routing';
import { unmanageableReason } from './manageable';
import { MeshCall } from './mesh-call';
import type { Forward } from './plan';
import type { CallContext, Routed } from './routed';
import type { Upstreams } from './upstream';

const NO_EDITS: readonly HeaderEdit[] = [];
/** Neither hash policies, nor CORS, nor the address that was dialled are for copies. */
const UNBOUND = { key: undefined, cookies: NO_EDITS, cors: NO_EDITS, pinned: undefined };
const INTERNAL: HeaderEdit = { op: 'set', name: 'x-envoy-internal', value: 'true' };
const NO_REPORT: CallReport = { wanted: () => false, ended: nothing };

/**
 * Each mirror is drawn by itself. What it sends is what the route makes of the request, with the same id. A cluster
 * that is not there or cannot be called as it asks to be gets no copies; neither are tunnels copied.
 */
export function mirrorsOf(
  { action: { mirrors }, plan }: Forward,
  routed: Routed,
  upstreams: Upstreams,
  context: CallContext,
  now: number,
): readonly MeshCall[] {
  const { input, method } = routed;
  const calls: MeshCall[] = [];
  if (method === 'CONNECT' || input?.header('upgrade') !== undefined) return calls;
  const silent = { ...context, report: NO_REPORT };
  for (const { cluster, fraction, shadowSuffix } of mirrors) {
    if (fraction !== undefined && !drawFraction(fraction, context.random)) continue;
    const upstream = upstreams.get(cluster);
    if (upstream === undefined || upstream.passesThrough) continue;
    if (unmanageableReason(upstream.snapshot.cluster) !== undefined) continue;
    const authority = shadowSuffix ? suffixed(routed.authority ?? input?.authority ?? '') : routed.authority;
    const edits = context.envoyHeaders ? [...routed.edits, INTERNAL] : routed.edits;
    const copied = { ...plan, retry: undefined, perTryTimeoutMs: 0, replayLimitBytes: 0 };
    calls.push(
      new MeshCall({ ...routed, ...UNBOUND, upstream, plan: copied, authority, edits }, silent, now),
    );
  }
  return calls;
}

/** `reviews:8080` becomes `reviews-shadow:8080`. */
function suffixed(authority: string): string {
  return authority.replace(/(:\d+)?$/, '-shadow$1');
}

function nothing(): void {
  return;
}
