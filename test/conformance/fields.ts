/**
 * Every field of the four kinds of objects, with what inmesh does with it. Fields that the cases use need no word here:
 * the table says which cases test them.
 */

/** What is said of a field that no case uses, or that works only in part. */
export type Note = string;

export const FIELDS: Readonly<Record<string, readonly string[]>> = {
  VirtualService: [
    'hosts',
    'gateways',
    'exportTo',
    ...[
      'name',
      ...[
        ...['name', 'uri', 'scheme', 'method', 'authority', 'headers', 'withoutHeaders', 'queryParams'],
        ...['ignoreUriCase', 'port', 'sourceLabels', 'sourceNamespace', 'gateways', 'statPrefix'],
      ].map((field) => `match.${field}`),
      ...['destination.host', 'destination.subset', 'destination.port', 'weight', 'headers'].map(
        (field) => `route.${field}`,
      ),
      ...['uri', 'authority', 'scheme', 'port', 'derivePort', 'redirectCode'].map(
        (field) => `redirect.${field}`,
      ),
      ...['status', 'body'].map((field) => `directResponse.${field}`),
      'delegate',
      ...['uri', 'authority', 'uriRegexRewrite'].map((field) => `rewrite.${field}`),
      'timeout',
      ...[
        ...['attempts', 'retryOn', 'perTryTimeout', 'backoff', 'retryIgnorePreviousHosts'],
        'retryRemoteLocalities',
      ].map((field) => `retries.${field}`),
      ...['delay', 'abort'].map((field) => `fault.${field}`),
      ...['mirror', 'mirrorPercentage', 'mirrors'],
      ...[
        ...['allowOrigins', 'allowMethods', 'allowHeaders', 'exposeHeaders', 'maxAge', 'allowCredentials'],
        'unmatchedPreflights',
      ].map((field) => `corsPolicy.${field}`),
      ...['request', 'response'].map((field) => `headers.${field}`),
    ].map((field) => `http.${field}`),
    'tls',
    'tcp',
  ],
  DestinationRule: [
    'host',
    'exportTo',
    'workloadSelector',
    'subsets',
    ...[
      ...['simple', 'consistentHash', 'localityLbSetting', 'warmup', 'warmupDurationSecs'].map(
        (field) => `loadBalancer.${field}`,
      ),
      ...['maxConnections', 'connectTimeout', 'tcpKeepalive', 'maxConnectionDuration', 'idleTimeout'].map(
        (field) => `connectionPool.tcp.${field}`,
      ),
      ...[
        ...['http1MaxPendingRequests', 'http2MaxRequests', 'maxRequestsPerConnection', 'maxRetries'],
        ...['idleTimeout', 'h2UpgradePolicy', 'useClientProtocol', 'maxConcurrentStreams'],
      ].map((field) => `connectionPool.http.${field}`),
      ...[
        ...['consecutive5xxErrors', 'consecutiveGatewayErrors', 'consecutiveLocalOriginFailures'],
        ...['splitExternalLocalOriginErrors', 'interval', 'baseEjectionTime', 'maxEjectionPercent'],
        'minHealthPercent',
      ].map((field) => `outlierDetection.${field}`),
      ...[
        ...['mode', 'clientCertificate', 'privateKey', 'caCertificates', 'caCrl', 'credentialName'],
        ...['subjectAltNames', 'sni', 'insecureSkipVerify'],
      ].map((field) => `tls.${field}`),
      'portLevelSettings',
      'tunnel',
      'proxyProtocol',
      'retryBudget',
    ].map((field) => `trafficPolicy.${field}`),
  ],
  ServiceEntry: [
    ...['hosts', 'addresses', 'ports', 'location', 'resolution', 'workloadSelector', 'exportTo'],
    ...['address', 'ports', 'labels', 'locality', 'weight', 'network', 'serviceAccount'].map(
      (field) => `endpoints.${field}`,
    ),
    'subjectAltNames',
  ],
  Sidecar: [
    'workloadSelector',
    ...['hosts', 'port', 'bind', 'captureMode'].map((field) => `egress.${field}`),
    'outboundTrafficPolicy.mode',
    'ingress',
    'inboundConnectionPool',
  ],
};

/** Kind and field, with a sentence: why it is not done, or which other test proves it. */
export const NOTES: Readonly<Record<string, Note>> = {
  'VirtualService.http.name': 'yes: `%ROUTE_NAME%` and the log',
  'VirtualService.http.match.name': 'yes: part of the route name',
  'VirtualService.http.match.statPrefix': 'no: there are no statistics by route',
  'VirtualService.http.mirror': 'yes; a body larger than the replay limit (1 MiB) is not copied',
  'VirtualService.http.mirrors': 'yes; a body larger than the replay limit (1 MiB) is not copied',
  'VirtualService.http.retries.retryRemoteLocalities': 'no effect at istiod',
  'VirtualService.tls': 'no: https calls choose an endpoint of the host (`not managed` is reported)',
  'VirtualService.tcp': 'no: only HTTP is routed',
  'DestinationRule.exportTo': 'yes: istiod applies it (`test/peers/dev-differential.test.ts`)',
  'DestinationRule.workloadSelector': 'yes: istiod applies it (`test/peers/dev-differential.test.ts`)',
  'DestinationRule.trafficPolicy.loadBalancer.warmupDurationSecs': 'as `warmup`: istiod sends the same',
  'DestinationRule.trafficPolicy.connectionPool.http.h2UpgradePolicy':
    'no: calls are HTTP/1.1; UPGRADE, and ports named `http2` or `grpc`, make the host not managed, and said so',
  'DestinationRule.trafficPolicy.connectionPool.http.useClientProtocol': 'yes: calls are HTTP/1.1',
  'DestinationRule.trafficPolicy.connectionPool.http.maxConcurrentStreams': 'no effect on HTTP/1.1',
  'DestinationRule.trafficPolicy.tls.mode':
    'yes; ISTIO_MUTUAL makes the host not managed until there is a mesh identity, and said so',
  'DestinationRule.trafficPolicy.tls.credentialName':
    'no: a secret of Kubernetes is refused with 503, and said so (istiod sends it only with a `workloadSelector`)',
  'DestinationRule.trafficPolicy.tunnel': 'no: only for TCP and TLS routes',
  'DestinationRule.trafficPolicy.proxyProtocol': 'no: reported as unsupported',
  'DestinationRule.trafficPolicy.retryBudget': 'no: reported as unsupported',
  'ServiceEntry.endpoints.network': 'yes: istiod applies it',
  'ServiceEntry.endpoints.serviceAccount': 'no: there is no mTLS yet',
  'ServiceEntry.subjectAltNames': 'no: there is no mTLS yet',
  'Sidecar.workloadSelector': 'yes: istiod applies it (`test/peers/dev-differential.test.ts`)',
  'Sidecar.egress.port': 'yes: istiod applies it (`test/peers/dev-differential.test.ts`)',
  'Sidecar.egress.bind': 'no: there are no listeners to bind',
  'Sidecar.egress.captureMode': 'no: there are no listeners',
  'Sidecar.ingress': 'no: incoming calls are not managed',
  'Sidecar.inboundConnectionPool': 'no: incoming calls are not managed',
};

/** Where a field is done, by the longest prefix that is here. */
export const PLACES: Readonly<Record<string, string>> = {
  VirtualService: 'istiod',
  'VirtualService.http': 'src/routing',
  'VirtualService.http.match': 'src/routing/match',
  'VirtualService.http.redirect': 'src/routing/filter/redirect.ts',
  'VirtualService.http.rewrite': 'src/routing/filter/rewrite.ts',
  'VirtualService.http.headers': 'src/routing/filter/headers.ts',
  'VirtualService.http.route.headers': 'src/routing/filter/headers.ts',
  'VirtualService.http.route.weight': 'src/routing/weights.ts',
  'VirtualService.http.corsPolicy': 'src/routing/filter/cors.ts',
  'VirtualService.http.directResponse': 'src/call/router.ts',
  'VirtualService.http.fault': 'src/call/fault.ts',
  'VirtualService.http.timeout': 'src/resilience/timeouts.ts',
  'VirtualService.http.retries': 'src/resilience/retry-rules.ts',
  'VirtualService.http.retries.backoff': 'src/resilience/back-off.ts',
  'VirtualService.http.delegate': 'istiod',
  DestinationRule: 'istiod',
  'DestinationRule.trafficPolicy.loadBalancer': 'src/balancing',
  'DestinationRule.trafficPolicy.connectionPool': 'src/transport',
  'DestinationRule.trafficPolicy.tls': 'src/transport/tls',
  'DestinationRule.trafficPolicy.outlierDetection': 'src/resilience/outlier.ts',
  'DestinationRule.trafficPolicy.outlierDetection.minHealthPercent': 'src/balancing/priority.ts',
  ServiceEntry: 'istiod',
  'ServiceEntry.resolution': 'src/link',
  'ServiceEntry.endpoints.weight': 'src/balancing',
  'ServiceEntry.endpoints.locality': 'istiod, src/balancing',
  Sidecar: 'istiod',
  'Sidecar.outboundTrafficPolicy': 'src/call',
};
