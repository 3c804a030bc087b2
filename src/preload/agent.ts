/** What the first call loads: the mesh over the link. A file of its own in dist, so that the preload stays small. */

import { isMainThread } from 'node:worker_threads';
import { createMesh, type Mesh } from '../call';
import type { Settings } from '../config';
import { createLink, createLinkProxy } from '../link';
import type { MeshFeed } from '../model';
import type { Log } from '../observe';
import { Addresses } from '../registry/addresses';
import { GatedFeed } from './gated-feed';
import { findSidecar, SIDECAR_ADDRESSES } from './sidecar';

export interface AgentOptions {
  readonly settings: Settings;
  readonly log: Log;
  /** Absolute path of the link's worker script. */
  readonly workerFile: string;
  /** A sidecar is there: the agent must be off. */
  readonly onSidecar: () => void;
  /** The link cannot be made: the agent must be off. */
  readonly failed: (error: unknown) => void;
  /** Route template of the inbound request being handled, if known. */
  readonly currentRoute: () => string | undefined;
}

export interface Agent {
  readonly mesh: Mesh;
  /** For the hooks of registry clients. */
  readonly feed: MeshFeed;
  readonly addresses: Addresses;
  /** Starts the link without a call. */
  start(): void;
  /** Makes the link, without starting it, so that the application's worker threads find it (decision 14). */
  serveWorkers(): void;
}

export function createAgent({
  settings,
  log,
  workerFile,
  onSidecar,
  failed,
  currentRoute,
}: AgentOptions): Agent {
  const feed = new GatedFeed(
    (answer) => {
      if (settings.besideSidecar) {
        answer(true);
        return;
      }
      findSidecar(SIDECAR_ADDRESSES, (found) => {
        if (found !== undefined) {
          const message = `${found.what} answers at 127.0.0.1:${found.port}: a sidecar does the work here, the agent stays off. INMESH_BESIDE_SIDECAR=on overrides.`;
          log.line('warn', 'agent.sidecar', message, { port: found.port });
          onSidecar();
        }
        answer(found === undefined);
      });
    },
    () => (isMainThread ? createLink({ settings, workerFile, log }) : createLinkProxy({ log })),
    failed,
  );
  const addresses = new Addresses();
  const mesh = createMesh({
    feed,
    addresses,
    firstUseTimeoutMs: settings.firstUseTimeoutMs,
    envoyHeaders: settings.envoyHeaders,
    decorator: settings.decorator,
    log,
    currentRoute,
    sourceIp: settings.identity.instanceIp,
  });
  return { mesh, feed, addresses, start: () => feed.start(), serveWorkers: () => feed.prepare() };
}
