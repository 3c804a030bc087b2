import {
  boolean,
  double,
  duration,
  enumeration,
  int32,
  integer,
  percent,
  string,
  uint32,
} from '../read/scalars';
import { type Infer, list, map, message, required } from '../read/schema';
import { portSelector } from './common';

const cookie = message('HTTPCookie', {
  name: required(string()),
  path: string(),
  ttl: duration(),
  attributes: list(message('Attribute', { name: required(string()), value: string() })),
});

const size = integer(0, Number.MAX_SAFE_INTEGER);

const consistentHash = message(
  'ConsistentHashLB',
  {
    httpHeaderName: string(),
    httpCookie: cookie,
    useSourceIp: boolean(),
    httpQueryParameterName: string(),
    ringHash: message('RingHash', { minimumRingSize: size }),
    maglev: message('MagLev', { tableSize: size }),
    minimumRingSize: size,
  },
  {
    oneOf: [
      ['httpHeaderName', 'httpCookie', 'useSourceIp', 'httpQueryParameterName'],
      ['ringHash', 'maglev'],
    ],
  },
);
export type ConsistentHash = Infer<typeof consistentHash>;

const localitySetting = message(
  'LocalityLoadBalancerSetting',
  {
    distribute: list(message('Distribute', { from: required(string()), to: required(map(uint32())) })),
    failover: list(message('Failover', { from: required(string()), to: required(string()) })),
    failoverPriority: list(string()),
    enabled: boolean(),
  },
  {
    oneOf: [
      ['distribute', 'failover'],
      ['distribute', 'failoverPriority'],
    ],
  },
);
export type LocalitySetting = Infer<typeof localitySetting>;

const loadBalancer = message(
  'LoadBalancerSettings',
  {
    simple: enumeration('UNSPECIFIED', 'LEAST_CONN', 'RANDOM', 'PASSTHROUGH', 'ROUND_ROBIN', 'LEAST_REQUEST'),
    consistentHash,
    localityLbSetting: localitySetting,
    warmupDurationSecs: duration(),
    warmup: message('WarmupConfiguration', {
      duration: required(duration()),
      minimumPercent: double(0, 100),
      aggression: double(1),
    }),
  },
  {
    oneOf: [['simple', 'consistentHash']],
    ignored: { zoneAwareLbSetting: 'localities are balanced without it; use localityLbSetting' },
  },
);
export type LoadBalancer = Infer<typeof loadBalancer>;

const connectionPool = message('ConnectionPoolSettings', {
  tcp: message('TCPSettings', {
    maxConnections: int32(),
    connectTimeout: duration(1),
    tcpKeepalive: message('TcpKeepalive', { probes: uint32(), time: duration(), interval: duration() }),
    maxConnectionDuration: duration(1),
    idleTimeout: duration(),
  }),
  http: message('HTTPSettings', {
    http1MaxPendingRequests: int32(),
    http2MaxRequests: int32(),
    maxRequestsPerConnection: integer(0, 536870912),
    maxRetries: int32(),
    idleTimeout: duration(),
    h2UpgradePolicy: enumeration('DEFAULT', 'DO_NOT_UPGRADE', 'UPGRADE'),
    useClientProtocol: boolean(),
    maxConcurrentStreams: integer(0, 2147483647),
    http2KeepAlive: message('ConnectionKeepalive', { interval: duration(), timeout: duration() }),
  }),
});
export type ConnectionPool = Infer<typeof connectionPool>;

const outlierDetection = message(
  'OutlierDetection',
  {
    consecutiveErrors: int32(),
    splitExternalLocalOriginErrors: boolean(),
    consecutiveLocalOriginFailures: uint32(),
    consecutiveGatewayErrors: uint32(),
    consecutive5xxErrors: uint32(),
    interval: duration(1),
    baseEjectionTime: duration(1),
    maxEjectionPercent: percent(),
    minHealthPercent: percent(),
  },
  { ignored: { outlierDetectionHttpErrorCodes: '5xx count as errors, other codes do not' } },
);
export type OutlierDetection = Infer<typeof outlierDetection>;

const tls = message('ClientTLSSettings', {
  mode: enumeration('DISABLE', 'SIMPLE', 'MUTUAL', 'ISTIO_MUTUAL'),
  clientCertificate: string(),
  privateKey: string(),
  caCertificates: string(),
  credentialName: string(),
  subjectAltNames: list(string()),
  sni: string(),
  insecureSkipVerify: boolean(),
  caCrl: string(),
});
export type ClientTls = Infer<typeof tls>;

const portPolicy = message('PortTrafficPolicy', {
  port: required(portSelector),
  loadBalancer,
  connectionPool,
  outlierDetection,
  tls,
});

const trafficPolicy = message(
  'TrafficPolicy',
  {
    loadBalancer,
    connectionPool,
    outlierDetection,
    tls,
    portLevelSettings: list(portPolicy),
    retryBudget: message('RetryBudget', {
      percent: double(0, 100),
      minRetryConcurrency: uint32(),
      budgetInterval: duration(),
    }),
  },
  {
    ignored: {
      tunnel: 'only TCP and TLS listeners tunnel, and no listeners are served',
      proxyProtocol: 'connections are made without the PROXY header',
    },
  },
);
export type TrafficPolicy = Infer<typeof trafficPolicy>;

const subset = message('Subset', { name: required(string()), labels: map(string()), trafficPolicy });
export type Subset = Infer<typeof subset>;

export const destinationRule = message('DestinationRule', {
  host: required(string()),
  trafficPolicy,
  subsets: list(subset),
  exportTo: list(string()),
  workloadSelector: message('WorkloadSelector', { matchLabels: map(string()) }),
});
export type DestinationRule = Infer<typeof destinationRule>;
