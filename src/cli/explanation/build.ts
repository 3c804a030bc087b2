/** Puts together what there is to say about one call. */

import {
  type CallExplanation,
  explainCall,
  type Outcome,
  type RequestHead,
  unmanagedHost,
} from '../../call/explain';
import type { Settings } from '../../config';
import type { Inspection, InspectionSource, Lookup } from '../../link/inspect';
import type { UnsupportedField } from '../../model';
import { hostOfAuthority } from '../../routing';
import type { RouteExplanation } from '../../routing/explain';
import { type ClusterExplanation, explainCluster } from './cluster';
import { whyAgentOff, whyNotManaged } from './not-managed';
import type { AskedCall } from './request';

/** Who asks, as the control plane was told. */
export interface AskingNode {
  readonly podName: string;
  readonly podNamespace: string;
  readonly serviceAccount: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** An Istio object that had a say. A ServiceEntry is known by its host only: its name is not sent. */
export interface ObjectReference {
  readonly kind: string;
  readonly namespace: string;
  readonly name?: string;
  readonly host?: string;
}

export interface Explanation {
  readonly call: Omit<AskedCall, 'head'> & { readonly method: string };
  readonly node: AskingNode;
  readonly source: InspectionSource;
  /** The agent takes part in this call. */
  readonly managed: boolean;
  /** Why not, as a sentence. */
  readonly why?: string;
  readonly virtualHost?: {
    readonly name: string;
    readonly routeConfiguration: string;
    readonly domains: readonly string[];
    /** The one that the host matched. */
    readonly domain: string;
  };
  readonly routes: readonly RouteExplanation[];
  readonly outcome?: Outcome;
  readonly clusters: readonly ClusterExplanation[];
  /** Istio objects that decide about this call, each once. */
  readonly objects: readonly ObjectReference[];
  readonly notApplied: readonly UnsupportedField[];
  readonly notes: readonly string[];
}

type Parts = Partial<Omit<Explanation, 'call' | 'node' | 'source'>>;

export async function explain(
  asked: AskedCall,
  inspection: Inspection,
  settings: Settings,
): Promise<Explanation> {
  const { head, ...call } = asked;
  const parts =
    asked.scheme === 'https' ? await tls(asked, inspection) : await http(asked, inspection, settings);
  const off = whyAgentOff(settings);
  const { source } = inspection;
  const { podName, podNamespace, serviceAccount, labels } = settings.identity;
  return {
    call: { ...call, method: head.method },
    node: { podName, podNamespace, serviceAccount, labels },
    source,
    managed: false,
    routes: [],
    clusters: [],
    notApplied: [],
    ...parts,
    ...(off === undefined ? {} : { managed: false, why: off }),
    notes: [...sourceNotes(source, settings), ...(parts.notes ?? [])],
    objects: objectsOf(parts),
  };
}

async function http(asked: AskedCall, inspection: Inspection, settings: Settings): Promise<Parts> {
  const { host, port, head } = asked;
  if (host === 'localhost') return { why: 'localhost is never the mesh' };
  const dialled = await inspection.http(port, host);
  const why = notManagedHttp(dialled, host, port, inspection.source);
  if (why !== undefined || dialled.kind !== 'virtual-host') return why === undefined ? {} : { why };
  const { found, notes } = await named(dialled, asked, inspection);
  const { entry, domain } = found;
  const { virtualHost } = entry;
  const explained = explainCall(virtualHost, head, settings);
  const clusters = destinationsOf(explained).map((name) => explainCluster(name, inspection));
  const unmanaged = unmanagedHost(clustersOfHost(found, inspection));
  return {
    managed: unmanaged === undefined,
    ...(unmanaged === undefined ? {} : { why: unmanaged }),
    virtualHost: {
      name: entry.name,
      routeConfiguration: entry.configuration,
      domains: entry.domains,
      domain,
    },
    routes: explained.routes,
    outcome: explained.outcome,
    clusters,
    notApplied: [...touching(entry.unsupported, explained), ...clusters.flatMap((each) => each.notApplied)],
    notes: [...notes, ...outcomeNotes(explained, entry.name, head), ...refusedNotes(inspection)],
  };
}

async function tls({ host, port }: AskedCall, inspection: Inspection): Promise<Parts> {
  if (host === 'localhost') return { why: 'localhost is never the mesh' };
  const found = await inspection.tls(port, host);
  if (found.kind === 'virtual-host') return {};
  if (found.kind !== 'tls') return { why: whyNotManaged(found, host, port, inspection.source) };
  const cluster = explainCluster(found.cluster, inspection);
  const unmanaged = cluster.cluster && unmanagedHost([cluster.cluster]);
  return {
    managed: unmanaged === undefined,
    ...(unmanaged === undefined ? {} : { why: unmanaged }),
    clusters: [cluster],
    notApplied: cluster.notApplied,
    notes: [
      'TLS is begun by the application: only the endpoint is chosen, and connections fail over (2 more attempts). VirtualService tls and tcp rules and REGISTRY_ONLY do not apply',
      ...refusedNotes(inspection),
    ],
  };
}

type FoundHost = Extract<Lookup, { kind: 'virtual-host' }>;

function notManagedHttp(
  found: Lookup,
  host: string,
  port: number,
  source: InspectionSource,
): string | undefined {
  if (found.kind === 'tls') return undefined;
  if (found.kind !== 'virtual-host') return whyNotManaged(found, host, port, source);
  const loopback = host.startsWith('127.') || host === '::1';
  return loopback && found.domain === '*' ? 'loopback addresses are never the mesh' : undefined;
}

/** The Host header counts if it names another mesh host on that port, as at a sidecar's listener. */
async function named(
  dialled: FoundHost,
  { host, port, head }: AskedCall,
  inspection: Inspection,
): Promise<{ found: FoundHost; notes: string[] }> {
  const name = hostOfAuthority(head.authority);
  if (name === host || name === '') return { found: dialled, notes: [] };
  const other = await inspection.http(port, name);
  return other.kind === 'virtual-host'
    ? { found: other, notes: [`the Host header counts, not the URL's host: it names ${name}`] }
    : {
        found: dialled,
        notes: [`the Host header names ${name}, which is no mesh host; the URL's host counts`],
      };
}

function destinationsOf({ outcome }: CallExplanation): string[] {
  if (outcome.kind !== 'forward') return [];
  const mirrors = outcome.action.mirrors.map(({ cluster }) => cluster);
  return [...new Set([...outcome.destinations.map(({ cluster }) => cluster), ...mirrors])];
}

/** One cluster that cannot be managed takes its whole host along: what calls of it would get must not depend on luck. */
function* clustersOfHost({ entry }: FoundHost, inspection: Inspection) {
  for (const { action } of entry.virtualHost.routes) {
    if (action.kind !== 'forward') continue;
    for (const { name } of action.clusters) {
      const found = inspection.cluster(name);
      if (found !== undefined) yield found.snapshot.cluster;
    }
  }
}

/** What is not done of the virtual host itself, of the chosen route, and routes that were left out before it. */
function touching(all: readonly UnsupportedField[], { routes, route }: CallExplanation): UnsupportedField[] {
  const leftOut = new Set(
    all
      .filter(({ effect }) => effect.endsWith('the route is left out'))
      .map(({ resource }) => placeOf(resource)),
  );
  // Routes that were left out keep their numbers in the report, and have none here.
  let place = -1;
  for (let at = 0; at <= routes.findIndex((each) => each.route === route); at++) {
    do place++;
    while (leftOut.has(place));
  }
  return all.filter(({ resource }) => {
    const of = placeOf(resource);
    if (of === undefined) return true;
    return leftOut.has(of) ? route === undefined || of < place : of === place;
  });
}

/** `80/reviews:80/routes[3] (canary)` is 3; undefined for what is no route. */
function placeOf(resource: string): number | undefined {
  const found = /\/routes\[(\d+)\](?: \(.*\))?$/s.exec(resource);
  return found === null ? undefined : Number(found[1]);
}

function outcomeNotes(
  { outcome, routes }: CallExplanation,
  virtualHost: string,
  head: RequestHead,
): string[] {
  const notes: string[] = [];
  if (virtualHost === 'block_all') {
    notes.push(
      'the host is not in the registry and outboundTrafficPolicy is REGISTRY_ONLY: the call is blocked. A ServiceEntry lets it out',
    );
  }
  if (outcome.kind === 'no-route') {
    notes.push(
      `no route of ${virtualHost} takes ${head.method} ${head.path}: the call is answered with 404 NR. A last http route without match takes the rest`,
    );
  }
  if (routes.some(({ verdict }) => verdict === 'sometimes')) {
    notes.push('routes marked "sometimes" take their share of such calls by chance');
  }
  if (outcome.kind === 'forward' && outcome.destinations.every(({ weight }) => weight === 0)) {
    notes.push('all destinations have weight 0: the call is answered with 503 NC');
  }
  return notes;
}

function refusedNotes(inspection: Inspection): string[] {
  return inspection
    .refused()
    .map(({ resourceType, resource, effect }) => `${resourceType} ${resource}: ${effect}`);
}

function sourceNotes(source: InspectionSource, { snapshotMaxAgeMs }: Settings): string[] {
  if (source.kind !== 'snapshot') return [];
  const notes: string[] = [];
  if (!source.own) {
    notes.push(
      `the snapshot is of another identity (${source.identity}): a process with this environment ignores it`,
    );
  }
  if (Date.now() - source.savedAt > snapshotMaxAgeMs) {
    notes.push('the snapshot is older than INMESH_SNAPSHOT_MAX_AGE: a process would ignore it');
  }
  return notes;
}

function objectsOf({ routes = [], clusters = [] }: Parts): ObjectReference[] {
  const found = new Map<string, ObjectReference>();
  const add = (reference: ObjectReference | undefined) => {
    if (reference) found.set(JSON.stringify(reference), reference);
  };
  for (const { route, verdict } of routes) {
    if (verdict === 'chosen' || verdict === 'sometimes') add(route.origin);
  }
  for (const { origin, services } of clusters) {
    add(origin);
    // The metadata does not say what it was: the service of a ServiceEntry is named by its host, a Service by its name.
    for (const { host, name, namespace } of services) {
      add(name === host ? { kind: 'ServiceEntry', namespace, host } : { kind: 'Service', namespace, name });
    }
  }
  return [...found.values()];
}
