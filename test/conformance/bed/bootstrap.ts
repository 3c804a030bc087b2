/**
 * istiod's own bytes as a static bootstrap of a vanilla Envoy. Changed is only what Envoy cannot have here: Istio's
 * filters, mTLS by endpoint, secrets of Istio's agent, EDS and RDS (inlined), the original destination (one fixed address).
 */

import type { Bytes } from '../../support/xds-client';
import { staticSocket } from './static-tls';
import { all, bytesField, message, numberOf, textAt, varintField, without } from './wire';

const CLUSTER = {
  name: 1,
  type: 2,
  edsConfig: 3,
  lbPolicy: 6,
  originalDst: 34,
  loadAssignment: 33,
  transportSocket: 24,
  filters: 40,
  policy: 41,
  matches: 43,
};
const CLUSTER_TYPE_EDS = 3;
const LISTENER = { name: 1, address: 2, filterChains: 3, trafficDirection: 16, defaultFilterChain: 25 };
const OUTBOUND = 2;
const HCM = { rds: 3, routeConfig: 4, httpFilters: 5, accessLog: 13 };
const HCM_TYPE =
  'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';
const TYPED_STRUCT = /TypedStruct$/;

export interface Snapshot {
  readonly clusters: Bytes;
  readonly assignments: Bytes;
  readonly routes: Bytes;
  readonly listeners: Bytes;
}

export interface Entrance {
  /** Port of the mesh whose routes count. */
  readonly servicePort: number;
  /** Port of the loopback where Envoy listens. */
  readonly listenPort: number;
}

/** `passthroughPort`: of the loopback, where calls to what is not in the mesh go. */
export function bootstrap(
  snapshot: Snapshot,
  entrances: readonly Entrance[],
  passthroughPort: number,
): Buffer {
  const node = message(bytesField(1, 'conformance'), bytesField(2, 'conformance'));
  const clusters = [...snapshot.clusters]
    .filter(([name]) => /^(outbound\||PassthroughCluster$|BlackHoleCluster$)/.test(name))
    .map(([name, bytes]) =>
      name === 'PassthroughCluster'
        ? passthrough(bytes, passthroughPort)
        : cluster(bytes, snapshot.assignments.get(name)),
    );
  const listeners = entrances.map((each) => listener(snapshot, each));
  const resources = message(
    ...listeners.map((bytes) => bytesField(1, bytes)),
    ...clusters.map((bytes) => bytesField(2, bytes)),
  );
  return message(bytesField(1, node), bytesField(2, resources));
}

function cluster(bytes: Uint8Array, assignment: Uint8Array | undefined): Buffer {
  const sockets = all(bytes, CLUSTER.transportSocket).map((socket) =>
    bytesField(CLUSTER.transportSocket, staticSocket(socket)),
  );
  const plain = message(
    without(bytes, CLUSTER.filters, CLUSTER.matches, CLUSTER.transportSocket),
    ...sockets,
  );
  if (numberOf(plain, CLUSTER.type) !== CLUSTER_TYPE_EDS) return plain;
  const named = assignment ?? bytesField(1, textAt(plain, CLUSTER.name));
  return message(without(plain, CLUSTER.type, CLUSTER.edsConfig), bytesField(CLUSTER.loadAssignment, named));
}

function passthrough(bytes: Uint8Array, port: number): Buffer {
  const { type, lbPolicy, originalDst, policy, filters, matches } = CLUSTER;
  const endpoint = bytesField(1, bytesField(1, address(port)));
  const assignment = message(bytesField(1, 'PassthroughCluster'), bytesField(2, bytesField(2, endpoint)));
  return message(
    without(bytes, type, lbPolicy, originalDst, policy, filters, matches),
    bytesField(CLUSTER.loadAssignment, assignment),
  );
}

/** An address of the loopback: `core.Address`. */
export function address(port: number): Buffer {
  return bytesField(1, message(bytesField(2, '127.0.0.1'), varintField(3, port)));
}

function listener(snapshot: Snapshot, { servicePort, listenPort }: Entrance): Buffer {
  const name = String(servicePort);
  const routes = snapshot.routes.get(name);
  if (routes === undefined) throw new Error(`istiod gave no routes for port ${name}`);
  const managers = [...snapshot.listeners.values()].flatMap(connectionManagers);
  const manager = managers.find((bytes) => textAt(bytes, HCM.rds, 2) === name) ?? managers[0];
  if (manager === undefined) throw new Error('istiod gave no HTTP listener');
  const filters = all(manager, HCM.httpFilters).filter(isEnvoys);
  const config = message(
    without(manager, HCM.rds, HCM.httpFilters, HCM.accessLog),
    bytesField(HCM.routeConfig, routes),
    ...filters.map((bytes) => bytesField(HCM.httpFilters, bytes)),
  );
  const filter = message(
    bytesField(1, 'envoy.filters.network.http_connection_manager'),
    bytesField(4, message(bytesField(1, HCM_TYPE), bytesField(2, config))),
  );
  return message(
    bytesField(LISTENER.name, `port-${name}`),
    bytesField(LISTENER.address, address(listenPort)),
    bytesField(LISTENER.filterChains, bytesField(3, filter)),
    varintField(LISTENER.trafficDirection, OUTBOUND),
  );
}

/** The HTTP connection managers with RDS in a listener. */
function connectionManagers(bytes: Uint8Array): Uint8Array[] {
  const chains = [...all(bytes, LISTENER.filterChains), ...all(bytes, LISTENER.defaultFilterChain)];
  return chains
    .flatMap((chain) => all(chain, 3))
    .flatMap((filter) => all(filter, 4))
    .filter((any) => textAt(any, 1) === HCM_TYPE)
    .flatMap((any) => all(any, 2))
    .filter((manager) => all(manager, HCM.rds).length > 0);
}

function isEnvoys(filter: Uint8Array): boolean {
  return !textAt(filter, 1).startsWith('istio.') && !TYPED_STRUCT.test(textAt(filter, 4, 1));
}
