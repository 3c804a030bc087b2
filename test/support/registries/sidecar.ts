import { setTimeout as pause } from 'node:timers/promises';
import { parse } from 'protobufjs';
import type { Endpoint } from '../../../src/model';
import { decodeLoadAssignment, openRouteConfiguration, TYPE_URL } from '../../../src/xds';
import { Changes } from '../changes';
import { sidecarNode, XdsClient } from '../xds-client';

const NAME_TABLE = 'type.googleapis.com/istio.networking.nds.v1.NameTable';
const RECONNECT_MS = 50;

const NameTable = parse(`
  syntax = "proto3";
  message NameTable {
    message NameInfo { repeated string ips = 1; string registry = 2; string shortname = 3; string namespace = 4; }
    map<string, NameInfo> table = 1;
  }`).root.lookupType('NameTable');

/**
 * A sidecar as far as its control plane can tell: one delta stream, opened again whenever it ends, what it knows
 * kept meanwhile. Watches the endpoints of the clusters it was told of.
 */
export class Sidecar {
  private readonly known = new Map<string, readonly Endpoint[]>();
  private readonly changes = new Changes();
  private readonly watched: Set<string>;
  private client: XdsClient;
  private isClosed = false;
  /** How often the stream was opened. */
  connections = 1;
  /** Clusters that had endpoints and lost the last of them, in order. */
  readonly emptied: string[] = [];
  /** Endpoints that went, `cluster address:port`, in order. */
  readonly lost: string[] = [];
  /** Every resource that came or was removed, `cluster` and `endpoint` only, in order. */
  readonly received: string[] = [];

  /** `address` is `host:port` of istiod; `clusters` as in EDS, `outbound|80||host`. */
  constructor(
    private readonly address: string,
    clusters: readonly string[],
  ) {
    this.watched = new Set(clusters);
    this.client = this.connect();
    void this.follow();
  }

  /** Starts to watch more clusters. */
  watch(...clusters: readonly string[]): void {
    const fresh = clusters.filter((each) => !this.watched.has(each));
    for (const each of fresh) this.watched.add(each);
    if (fresh.length > 0) this.client.subscribe(TYPE_URL.endpoint, fresh);
  }

  endpoints(cluster: string): readonly Endpoint[] {
    return this.known.get(cluster) ?? [];
  }

  /** `ip:port`, sorted. */
  addresses(cluster: string): string[] {
    return this.endpoints(cluster).map(addressOf).sort();
  }

  /** Resolves with `performance.now()` of the moment when the condition held. */
  async until(what: string, condition: () => boolean, ms = 30_000): Promise<number> {
    await this.changes.until(condition, ms, () => `${what}: not within ${ms} ms`);
    return performance.now();
  }

  close(): void {
    this.isClosed = true;
    this.client.close();
  }

  private connect(): XdsClient {
    const client = new XdsClient(this.address, sidecarNode());
    // istiod serves endpoints of a node that also watches clusters, as every Envoy does.
    client.subscribe(TYPE_URL.cluster);
    if (this.watched.size > 0) client.subscribe(TYPE_URL.endpoint, [...this.watched]);
    return client;
  }

  private async follow(): Promise<void> {
    let seen = 0;
    while (!this.isClosed) {
      const { client } = this;
      try {
        await client.until(() => client.responses.length > seen, 'response', 2 ** 31 - 1);
        for (; seen < client.responses.length; seen++) this.take(client, seen);
      } catch {
        // The stream ended: istiod is away, or wants us to connect again.
        client.close();
        seen = 0;
        await pause(RECONNECT_MS);
        if (this.isClosed) return;
        this.connections++;
        this.client = this.connect();
      }
    }
  }

  private take(client: XdsClient, index: number): void {
    const { typeUrl, resources, removedResources } = client.responses[index]!;
    this.received.push(...resources.map(({ name }) => name), ...removedResources);
    if (typeUrl !== TYPE_URL.endpoint) return;
    for (const { name, value } of resources) this.set(name, decode(value));
    for (const name of removedResources) this.set(name, []);
    this.changes.tell();
  }

  private set(cluster: string, endpoints: readonly Endpoint[]): void {
    if (endpoints.length === 0 && this.endpoints(cluster).length > 0) this.emptied.push(cluster);
    const stay = new Set(endpoints.map(addressOf));
    for (const each of this.endpoints(cluster))
      if (!stay.has(addressOf(each))) this.lost.push(`${cluster} ${addressOf(each)}`);
    this.known.set(cluster, endpoints);
  }
}

function addressOf({ address, port }: Endpoint): string {
  return `${address}:${port}`;
}

function decode(bytes: Uint8Array): readonly Endpoint[] {
  const decoded = decodeLoadAssignment(bytes);
  if (!decoded.ok) throw new Error(JSON.stringify(decoded));
  return decoded.value.localities.flatMap(({ endpoints }) => endpoints);
}

export interface Names {
  /** Addresses by host, as the sidecar's DNS would answer. */
  readonly table: ReadonlyMap<string, readonly string[]>;
  /** Domains of every virtual host of the port's routes. */
  readonly domains: ReadonlySet<string>;
}

/** What a new sidecar learns of names: istiod's DNS table, and the domains of the routes of a port. */
export async function fetchNames(address: string, port: number): Promise<Names> {
  const client = new XdsClient(address, sidecarNode());
  try {
    client.subscribe(TYPE_URL.cluster);
    client.subscribe(TYPE_URL.route, [String(port)]);
    client.subscribe(NAME_TABLE, []);
    const has = (typeUrl: string) => client.responses.some((each) => each.typeUrl === typeUrl);
    await client.until(() => has(NAME_TABLE) && has(TYPE_URL.route), 'names and routes', 30_000);
    const bytes = [...client.resources(NAME_TABLE).values()][0];
    const { table } = NameTable.toObject(NameTable.decode(bytes ?? new Uint8Array()), {
      objects: true,
      arrays: true,
    }) as {
      table: Readonly<Record<string, { readonly ips: readonly string[] }>>;
    };
    const opened = openRouteConfiguration(client.resources(TYPE_URL.route).get(String(port))!);
    if (!opened.ok) throw new Error(JSON.stringify(opened));
    return {
      table: new Map(Object.entries(table).map(([host, { ips }]) => [host, ips])),
      domains: new Set(opened.value.virtualHosts.flatMap(({ domains }) => domains)),
    };
  } finally {
    client.close();
  }
}
