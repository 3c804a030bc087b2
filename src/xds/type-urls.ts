/** Type URLs of the resources and extensions that are known here. */

const PREFIX = 'type.googleapis.com/';

export const TYPE_URL = {
  cluster: `${PREFIX}envoy.config.cluster.v3.Cluster`,
  endpoint: `${PREFIX}envoy.config.endpoint.v3.ClusterLoadAssignment`,
  route: `${PREFIX}envoy.config.route.v3.RouteConfiguration`,
  listener: `${PREFIX}envoy.config.listener.v3.Listener`,
} as const;

export const EXTENSION_TYPE = {
  filterConfig: `${PREFIX}envoy.config.route.v3.FilterConfig`,
  fault: `${PREFIX}envoy.extensions.filters.http.fault.v3.HTTPFault`,
  cors: `${PREFIX}envoy.extensions.filters.http.cors.v3.CorsPolicy`,
  httpProtocolOptions: `${PREFIX}envoy.extensions.upstreams.http.v3.HttpProtocolOptions`,
  upstreamTls: `${PREFIX}envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext`,
  rawBuffer: `${PREFIX}envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer`,
  proxyProtocol: `${PREFIX}envoy.extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport`,
  previousHosts: `${PREFIX}envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate`,
  roundRobin: `${PREFIX}envoy.extensions.load_balancing_policies.round_robin.v3.RoundRobin`,
  leastRequest: `${PREFIX}envoy.extensions.load_balancing_policies.least_request.v3.LeastRequest`,
  random: `${PREFIX}envoy.extensions.load_balancing_policies.random.v3.Random`,
  ringHash: `${PREFIX}envoy.extensions.load_balancing_policies.ring_hash.v3.RingHash`,
  maglev: `${PREFIX}envoy.extensions.load_balancing_policies.maglev.v3.Maglev`,
  clusterProvided: `${PREFIX}envoy.extensions.load_balancing_policies.cluster_provided.v3.ClusterProvided`,
} as const;
