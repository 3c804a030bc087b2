/**
 * Fields that change what happens to calls and that are not done here, by message, with their effect. A message's
 * other fields are either decoded or of no consequence for calls (statistics, tracing, Envoy's own workings).
 */

import { type Findings, LEFT_OUT } from './decoded';

const FIELDS = {
  RouteConfiguration: {
    responseHeadersToAdd: 'the header is not added',
    responseHeadersToRemove: 'the header is not removed',
    requestHeadersToAdd: 'the header is not added',
    requestHeadersToRemove: 'the header is not removed',
    vhds: 'virtual hosts on demand are not asked for',
    mostSpecificHeaderMutationsWins: 'header changes are applied from the cluster outwards',
    requestMirrorPolicies: 'mirrored requests are not sent',
    ignorePathParametersInPathMatching: 'path parameters count in matches',
    typedPerFilterConfig: 'the filter configuration is not applied',
    vhostHeader: 'the virtual host is chosen by Host',
    routeSpecifiers: 'the routes are used as they are',
  },
  VirtualHost: {
    requireTls: 'plain calls are not redirected to https',
    rateLimits: 'calls are not limited',
    hedgePolicy: 'no hedged requests are sent',
    includeAttemptCountInResponse: 'x-envoy-attempt-count is not added to responses',
    includeIsTimeoutRetryHeader: 'x-envoy-is-timeout-retry is not added',
    retryPolicyTypedConfig: 'this retry policy is not used',
    matcher: 'its routes are not used',
    routeSpecifiers: 'the routes are used as they are',
  },
  Route: {
    routeSpecifiers: 'the route is used as it is',
  },
  RouteMatch: {
    grpc: `only gRPC calls match it: ${LEFT_OUT}`,
    tlsContext: LEFT_OUT,
    dynamicMetadata: LEFT_OUT,
    filterState: LEFT_OUT,
    cookies: LEFT_OUT,
    connectMatcher: `only CONNECT matches it: ${LEFT_OUT}`,
    pathMatchPolicy: LEFT_OUT,
  },
  RouteAction: {
    clusterHeader: LEFT_OUT,
    clusterSpecifierPlugin: LEFT_OUT,
    inlineClusterSpecifierPlugin: LEFT_OUT,
    metadataMatch: 'all endpoints of the cluster are used',
    autoHostRewrite: 'the Host header is not rewritten',
    hostRewriteHeader: LEFT_OUT,
    hostRewritePathRegex: LEFT_OUT,
    hostRewrite: LEFT_OUT,
    pathRewritePolicy: LEFT_OUT,
    pathRewrite: LEFT_OUT,
    priority: 'the limits of the default priority apply',
    rateLimits: 'calls are not limited',
    idleTimeout: 'an idle call is not ended',
    maxStreamDuration: 'the duration of a call is not limited',
    internalRedirectAction: 'redirects of the upstream go to the application',
    internalRedirectPolicy: 'redirects of the upstream go to the application',
    hedgePolicy: 'no hedged requests are sent',
    retryPolicyTypedConfig: 'this retry policy is not used',
    appendXForwardedHost: 'x-forwarded-host is not added',
  },
  RequestMirrorPolicy: {
    requestHeadersMutations: 'mirrored requests keep their headers',
    hostRewriteLiteral: 'mirrored requests keep their Host header',
  },
  ClusterWeight: {
    clusterHeader: LEFT_OUT,
    metadataMatch: 'all endpoints of the cluster are used',
    typedPerFilterConfig: 'the filter configuration is not applied',
  },
  WeightedCluster: {
    headerName: 'weights are drawn at random, not by the header',
    useHashPolicy: 'weights are drawn at random, not by the hash',
  },
  RetryPolicy: {
    retryPriority: 'retries choose the priority as first tries do',
    retryOptionsPredicates: 'the options are not changed between tries',
    retriableRequestHeaders: 'requests are retried whatever their headers',
    perTryIdleTimeout: 'an idle try is not ended',
    refreshClusterOnRetry: 'retries stay with the cluster of the first try',
  },
  DirectResponseAction: {
    bodyFormat: 'the body is sent without formatting',
  },
  RedirectAction: {
    pathRewrite: LEFT_OUT,
  },
  HTTPFault: {
    maxActiveFaults: 'the number of concurrent faults is not limited',
    responseRateLimit: 'responses are not slowed down',
  },
  FaultAbort: {
    headerAbort: 'no calls are aborted',
    grpcStatus: 'no calls are aborted',
    responseBody: 'the body is the default one',
  },
  FaultDelay: {
    headerDelay: 'no calls are delayed',
  },
  CorsPolicy: {
    allowPrivateNetworkAccess: 'preflights for private networks get no permission',
  },
  Cluster: {
    healthChecks: 'endpoints are not checked actively',
    dnsResolvers: "names are resolved by the process' own resolver",
    dnsResolutionConfig: "names are resolved by the process' own resolver",
    upstreamBindConfig: 'connections come from the default address',
    lbSubsetConfig: 'all endpoints of the cluster are used',
    closeConnectionsOnHostHealthFailure: 'connections to unhealthy endpoints stay open',
    upstreamConfig: 'calls go over plain HTTP connections',
    connectionPoolPerDownstreamConnection: 'connections are shared by all calls',
  },
  CommonLbConfig: {
    zoneAwareLbConfig: 'endpoints of the own zone are not preferred',
    closeConnectionsOnHostSetChange: 'connections stay open when endpoints change',
    consistentHashingLbConfig: 'hashing takes the address and is not bounded',
    overrideHostStatus: 'endpoints are not overridden',
  },
  OriginalDstLbConfig: {
    useHttpHeader: 'calls go where the application dialled',
    upstreamPortOverride: 'calls go to the port that the application dialled',
    metadataKey: 'calls go where the application dialled',
  },
  CircuitBreakers: {
    perHostThresholds: 'there are no limits by endpoint',
  },
  OutlierDetection: {
    maxEjectionTimeJitter: 'ejections end without jitter',
    monitors: 'the monitors are not run',
    detectDegradedHosts: 'degraded endpoints are not detected',
  },
  CommonHttpOptions: {
    maxConnectionDuration: 'connections are kept as long as they work',
    maxStreamDuration: 'the duration of a call is not limited',
  },
  HttpProtocolOptions: {
    outlierDetection: 'only connection failures and 5xx count as failures',
    requestMirrorPolicies: 'mirrored requests are not sent',
    hashPolicy: 'calls are not bound to endpoints by a hash',
    retryPolicy: 'only the retry policy of the route counts',
  },
  ClusterLoadAssignment: {},
  LoadAssignmentPolicy: {
    endpointStaleAfter: 'endpoints are kept until new ones come',
    weightedPriorityHealth: 'the health of a priority is counted in endpoints',
  },
  LocalityLbEndpoints: {
    ledsClusterLocalityConfig: 'the endpoints of the locality are missing',
  },
  Endpoint: {
    additionalAddresses: 'only the first address is used',
  },
  ProxyProtocolUpstreamTransport: {
    config: 'no PROXY header is sent',
  },
  CommonTlsContext: {
    tlsCertificateProviderInstance: 'no client certificate is sent',
  },
  TlsParameters: {
    cipherSuites: "Node's own cipher suites are offered",
    ecdhCurves: "Node's own curves are offered",
  },
} as const satisfies Record<string, Record<string, string>>;

export type ReportedMessage = keyof typeof FIELDS;

/** Notes every unsupported field that is present, and whether one of them leaves the route out. `path` is the message's own path, with a dot at the end or empty. */
export function reportUnsupported(
  findings: Findings,
  name: ReportedMessage,
  message: object,
  path: string,
): void {
  const values = message as Readonly<Record<string, unknown>>;
  const effects: Readonly<Record<string, string>> = FIELDS[name];
  for (const field in effects) {
    if (!isPresent(values[field])) continue;
    findings.ignored(path + protoName(field), effects[field]!);
    if (effects[field]!.endsWith(LEFT_OUT)) findings.leftOut = true;
  }
}

/** Says something other than the protobuf default. An empty oneof or optional message is said; an empty list is not. */
function isPresent(value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === 0 || value === '') return false;
  if (Array.isArray(value)) return value.length > 0;
  if (value instanceof Uint8Array) return true;
  if (typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype) {
    return Object.keys(value).length > 0; // a map field
  }
  return true;
}

function protoName(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
