/** The pages: what each shows, as plain data. */

import type { ServiceReport, SourceReport } from '../catalogue';
import type { ExportStatus } from '../export';
import type { ClientRecord, PushTimes } from '../mcp';
import type { RegistryService, Rejection, ServedEntry, ServedSnapshot } from '../model';
import type { SidecarStatus } from '../sidecars';

/** What the pages and the metrics look at. */
export interface BridgeState {
  readonly startedAt: number;
  /** Listening, and not on the way out. */
  readonly isReady: boolean;
  readonly snapshot: ServedSnapshot | undefined;
  /** Version of the content for a client of the revision; undefined while the gate is closed. */
  servedVersion(revision: string): string | undefined;
  /** Sources that the first answer waits for. */
  waitingFor(): readonly string[];
  sources(): readonly SourceReport[];
  /** Everything that the registries list now, as they list it. */
  registered(): Iterable<{ readonly source: string; readonly service: RegistryService }>;
  /** Every registry service with what it is served as. */
  services(): Iterable<ServiceReport>;
  rejections(): Iterable<Rejection>;
  clients(): readonly ClientRecord[];
  /** What became of each host of the export list. */
  exports(): readonly ExportStatus[];
  /** Generated Sidecars, and what they were made of. */
  sidecars(): readonly SidecarStatus[];
  /** Believes the registries in all that is frozen; gives the number of services. */
  thaw(): number;
}

export function cataloguePage(state: BridgeState, query: URLSearchParams): unknown {
  const { snapshot } = state;
  const entries = snapshot ? [...snapshot.entries.values()] : [];
  const host = query.get('host');
  const service = query.get('service');
  const shown = host === null ? entries.map(summary) : entries.filter((entry) => entry.host.includes(host));
  return {
    open: snapshot !== undefined,
    waitingFor: state.waitingFor(),
    sources: state.sources().map(({ silentMs, ...source }) => ({
      ...source,
      ...(silentMs !== undefined && { silentMs: Math.round(silentMs) }),
    })),
    services: entries.length,
    endpoints: entries.reduce((sum, { endpoints }) => sum + endpoints.length, 0),
    ...(service === null
      ? { entries: shown }
      : {
          registry: [...state.services()]
            .filter(({ source, key }) => `${source}/${key}`.includes(service))
            .map((report) => ({ ...report, unchangedMs: Math.round(report.unchangedMs) })),
        }),
  };
}

function summary(entry: ServedEntry): unknown {
  const { host, namespace, name, addresses, ports, endpoints, from } = entry;
  return { host, resource: `${namespace}/${name}`, addresses, ports, endpoints: endpoints.length, from };
}

/** Keys and numbers; whole where a service is asked for, as a registry of thousands is too much for one page. */
export function registryPage(state: BridgeState, query: URLSearchParams): unknown {
  const [source, part] = [query.get('source'), query.get('service')];
  const found = [...state.registered()].filter(
    (each) =>
      (source === null || each.source === source) && (part === null || each.service.key.includes(part)),
  );
  const services = found.map(({ source: name, service }) =>
    part === null
      ? { source: name, key: service.key, kind: service.kind, instances: service.instances.length }
      : { source: name, ...service },
  );
  return { services: services.length, registered: services };
}

export function rejectedPage(state: BridgeState, query: URLSearchParams): unknown {
  const wanted = ['source', 'code', 'service'] as const;
  const rejected = [...state.rejections()].filter((rejection) =>
    wanted.every((key) => {
      const value = query.get(key);
      return value === null || rejection[key] === value;
    }),
  );
  return { rejected: rejected.length, rejections: rejected };
}

export function clientsPage(state: BridgeState): unknown {
  const clients = state.clients().map((client) => {
    const { number, id, revision, protocol, peer, connectedAt, types, lastPush } = client;
    return {
      number,
      node: id,
      revision,
      protocol,
      peer,
      connectedAt: time(connectedAt),
      types: types.size,
      ...(lastPush && { lastPush: rounded(lastPush) }),
    };
  });
  return { clients };
}

export function exportsPage(state: BridgeState): unknown {
  return { exports: state.exports() };
}

export function sidecarsPage(state: BridgeState): unknown {
  return { sidecars: state.sidecars() };
}

/** What each control plane has acknowledged, and whether that is what is served now. */
export function xdsPage(state: BridgeState): unknown {
  const clients = state.clients().map((client) => {
    const current = state.servedVersion(client.revision);
    const types = [...client.types.values()].map((type) => ({
      type: type.typeUrl,
      sent: type.sentVersion,
      sentAt: time(type.sentAt),
      acked: type.ackedVersion,
      ackedAt: time(type.ackedAt),
      ...(type.refusal !== '' && { refused: type.refusedVersion, refusal: type.refusal }),
      responses: type.responses,
      bytes: type.bytes,
      status: statusOf(type, current),
    }));
    return { number: client.number, node: client.id, peer: client.peer, types };
  });
  return { clients };
}

interface Versions {
  readonly waiting: boolean;
  readonly content: boolean;
  readonly sentVersion: string;
  readonly ackedVersion: string;
  readonly refusedVersion: string;
}

function statusOf(type: Versions, current: string | undefined): string {
  if (type.waiting) return 'waiting for the first synchronisation';
  if (type.refusedVersion !== '' && type.refusedVersion === type.sentVersion) return 'refused';
  if (type.ackedVersion !== type.sentVersion) return 'sent, not acknowledged';
  return !type.content || type.ackedVersion === current ? 'up to date' : 'behind';
}

function time(ms: number): string | undefined {
  return ms === 0 ? undefined : new Date(ms).toISOString();
}

function rounded(times: PushTimes): Record<string, number> {
  return Object.fromEntries(Object.entries(times).map(([key, ms]) => [key, Math.round(ms * 10) / 10]));
}
