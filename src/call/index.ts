import type { Clock } from '../balancing';
import type { MeshFeed } from '../model';
import { type CallReport, createCallReport } from '../observe/call-report';
import type { Log } from '../observe/log';
import type { Addresses } from '../registry';
import { InProcessMesh } from './mesh';
import type { Mesh } from './seam';

export * from './seam';

export interface MeshOptions {
  readonly feed: MeshFeed;
  /** Milliseconds that a call may be parked until its host is known. */
  readonly firstUseTimeoutMs: number;
  /** Add and remove the headers that Envoy would. */
  readonly envoyHeaders: boolean;
  /** The route's `x-envoy-decorator-operation` among them; on unless said otherwise. */
  readonly decorator?: boolean;
  readonly log: Log;
  /** Uniform in [0, 1); Math.random unless given. */
  readonly random?: () => number;
  /** Told of every ended call; by default the diagnostics channel and the log are. */
  readonly onCall?: CallReport;
  /** Template of the inbound route being handled, for reports. */
  readonly currentRoute?: () => string | undefined;
  /** Address of this process as upstreams see it, for hash policies; unknown unless given. */
  readonly sourceIp?: string;
  /** Node's unless given. An error in `soon` must not reach the application. */
  readonly clock?: Clock;
  /** Addresses that registry clients were given: calls to them are calls to their services. */
  readonly addresses?: Addresses;
}

/** The mesh over a feed. Nothing is asked of the feed before the first call. */
export function createMesh(options: MeshOptions): Mesh {
  const mesh = new InProcessMesh(
    options.feed,
    options.firstUseTimeoutMs,
    {
      random: options.random ?? Math.random,
      envoyHeaders: options.envoyHeaders,
      decorator: options.decorator ?? true,
      report: options.onCall ?? createCallReport(options.log),
      currentRoute: options.currentRoute ?? unknownRoute,
      sourceIp: options.sourceIp ?? '',
    },
    options.log,
    options.clock,
    options.addresses,
  );
  options.feed.listen(mesh);
  return mesh;
}

function unknownRoute(): undefined {
  return undefined;
}
