import { type ClusterMessage, type EndpointsMessage, mesh, type RouteMessage } from '../ads-server';
import type { Instance } from './instances';

/** As istiod's defaults: without Envoy's limit of three retries at a time. */
const UNLIMITED = { value: 4_294_967_295 };

/** A mesh of services of the default namespace, whose calls are tried again as istiod has it. */
export function meshOf(services: Readonly<Record<string, readonly Instance[]>>): {
  clusters: ClusterMessage[];
  routes: RouteMessage[];
  endpoints: EndpointsMessage[];
} {
  const all = mesh(
    Object.entries(services).map(([name, instances]) => ({
      host: `${name}.default.svc.cluster.local`,
      endpoints: instances.map(({ endpoint }) => endpoint),
    })),
  );
  for (const cluster of all.clusters) {
    const threshold = { maxConnections: UNLIMITED, maxPendingRequests: UNLIMITED };
    cluster.circuitBreakers = {
      thresholds: [{ ...threshold, maxRequests: UNLIMITED, maxRetries: UNLIMITED }],
    };
  }
  const retryHostPredicate = [{ name: 'envoy.retry_host_predicates.previous_hosts' }];
  const retryPolicy = { retryOn: 'connect-failure', numRetries: { value: 2 }, retryHostPredicate };
  for (const { virtualHosts } of all.routes)
    for (const { routes } of virtualHosts ?? [])
      for (const each of routes ?? []) if (each.route) each.route = { ...each.route, retryPolicy };
  return all;
}
