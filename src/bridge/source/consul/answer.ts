/** Consul's JSON: catalogue and health. What cannot be read of one entry is that entry's problem only. */

/** One entry of `/v1/health/service/<name>`: an instance with all checks that concern it. */
export interface ConsulEntry {
  readonly id: string;
  readonly node: string;
  readonly datacenter: string;
  /** Of the service, else of its node. */
  readonly address: string;
  readonly port: number;
  /** '' for an application; `connect-proxy`, `mesh-gateway`, … for Consul's own helpers. */
  readonly kind: string;
  readonly tags: readonly string[];
  readonly meta: Readonly<Record<string, string>>;
  readonly weights: { readonly passing: number; readonly warning: number };
  readonly region: string;
  readonly zone: string;
  readonly checks: readonly ConsulCheck[];
}

export interface ConsulCheck {
  readonly id: string;
  /** passing, warning, critical. */
  readonly status: string;
}

type Json = Readonly<Record<string, unknown>>;

/** `/v1/catalog/services`: names with the union of their instances' tags. */
export function readServices(json: unknown): Map<string, readonly string[]> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new Error('the answer holds no services: is this the URL of a Consul agent?');
  }
  return new Map(Object.entries(json).map(([name, tags]) => [name, texts(tags)]));
}

export function readDatacenters(json: unknown): string[] {
  if (!Array.isArray(json)) throw new Error('the answer is no list of datacenters');
  return texts(json);
}

export function readEntries(json: unknown): ConsulEntry[] {
  if (!Array.isArray(json)) throw new Error('the answer is no list of instances');
  return json.map((each) => readEntry(object(each)));
}

/** `/v1/health/state/any`: what is known of each service's checks, comparable as a text. */
export function readCheckStates(json: unknown): Map<string, string> {
  if (!Array.isArray(json)) throw new Error('the answer is no list of checks');
  const parts = new Map<string, string[]>();
  for (const each of json) {
    const { ServiceName, ServiceID, Node, CheckID, Status, ModifyIndex } = object(each);
    // A node's own check concerns all services of the node: it stands under the node's name.
    const key = text(ServiceName) === '' ? `node ${text(Node)}` : `service ${text(ServiceName)}`;
    const list = parts.get(key) ?? [];
    parts.set(key, list);
    // The index too: a check that failed and passed again between two answers has another.
    list.push([...[ServiceID, Node, CheckID, Status].map(text), String(ModifyIndex)].join('\0'));
  }
  return new Map([...parts].map(([key, list]) => [key, list.sort().join('\n')]));
}

function readEntry(json: Json): ConsulEntry {
  const service = object(json['Service']);
  const node = object(json['Node']);
  const weights = object(service['Weights']);
  const locality = { ...object(node['Locality']), ...object(service['Locality']) };
  const checks = Array.isArray(json['Checks']) ? json['Checks'].map(object) : [];
  return {
    id: text(service['ID']) || text(service['Service']),
    node: text(node['Node']),
    datacenter: text(service['Datacenter']) || text(node['Datacenter']),
    address: text(service['Address']) || text(node['Address']),
    port: Number(service['Port'] ?? 0),
    kind: text(service['Kind']),
    tags: texts(service['Tags']),
    meta: metaOf(object(service['Meta'])),
    weights: { passing: weight(weights['Passing']), warning: weight(weights['Warning']) },
    region: text(locality['Region']),
    zone: text(locality['Zone']),
    checks: checks.map(({ CheckID, Status }) => ({ id: text(CheckID), status: text(Status) })),
  };
}

/** Consul before 1.2 has no weights. */
function weight(json: unknown): number {
  return typeof json === 'number' ? json : 1;
}

function metaOf(json: Json): Record<string, string> {
  const known = Object.entries(json).filter(([, value]) => value !== null && typeof value !== 'object');
  return Object.fromEntries(known.map(([key, value]) => [key, String(value)]));
}

function object(json: unknown): Json {
  return typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as Json) : {};
}

function texts(json: unknown): string[] {
  return Array.isArray(json) ? json.filter((each): each is string => typeof each === 'string') : [];
}

function text(json: unknown): string {
  return typeof json === 'string' ? json : '';
}
