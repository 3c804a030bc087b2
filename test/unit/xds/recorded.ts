/** The recorded resources of a real istiod (fixtures/recorded/xds), decoded. */

import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cluster, LoadAssignment, Route, UnsupportedField, VirtualHost } from '../../../src/model';
import {
  decodeCluster,
  decodeLoadAssignment,
  decodeVirtualHost,
  openRouteConfiguration,
} from '../../../src/xds';

type ByName = Readonly<Record<string, string>>;

const FILE = join(__dirname, '../../../fixtures/recorded/xds/resources.json');
const recorded: { clusters: ByName; routes: ByName; endpoints: ByName } = JSON.parse(
  readFileSync(FILE, 'utf8'),
);

export function recordedBytes(kind: keyof typeof recorded): [string, Buffer][] {
  return Object.entries(recorded[kind]).map(([name, text]) => [name, Buffer.from(text, 'base64')]);
}

function bytesOf(kind: keyof typeof recorded, name: string): Buffer {
  const text = recorded[kind][name];
  assert.ok(text !== undefined, `${name} was not recorded`);
  return Buffer.from(text, 'base64');
}

export function cluster(name: string): Cluster {
  const decoded = decodeCluster(bytesOf('clusters', name));
  assert.ok(decoded.ok);
  return decoded.value;
}

export function endpoints(name: string): LoadAssignment {
  const decoded = decodeLoadAssignment(bytesOf('endpoints', name));
  assert.ok(decoded.ok);
  return decoded.value;
}

export function virtualHost(domain: string): {
  value: VirtualHost;
  unsupported: readonly UnsupportedField[];
} {
  const open = openRouteConfiguration(bytesOf('routes', '80'));
  assert.ok(open.ok);
  const closed = open.value.virtualHosts.find((host) => host.domains.includes(domain));
  assert.ok(closed, `no virtual host for ${domain}`);
  const decoded = decodeVirtualHost(closed.bytes, '80');
  assert.ok(decoded.ok);
  return decoded;
}

export function route(domain: string, name: string): Route {
  const found = virtualHost(domain).value.routes.find((one) => one.name === name);
  assert.ok(found, `no route ${name}`);
  return found;
}

export function forward(domain: string, name: string): Extract<Route['action'], { kind: 'forward' }> {
  const { action } = route(domain, name);
  assert.ok(action.kind === 'forward');
  return action;
}
