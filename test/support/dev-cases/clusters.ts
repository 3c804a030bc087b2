/** Every field of a DestinationRule. */

import { type DevCase, object, REVIEWS, rule, SUBSETS, service } from './base';

export const CLUSTER_CASES: readonly DevCase[] = [
  { title: 'no rule at all', yaml: REVIEWS },
  ...['ROUND_ROBIN', 'RANDOM', 'LEAST_REQUEST', 'LEAST_CONN', 'PASSTHROUGH', 'UNSPECIFIED'].map((simple) => ({
    title: `load balancer ${simple}`,
    yaml: rule(`trafficPolicy: {loadBalancer: {simple: ${simple}}}\n${SUBSETS}`),
  })),
  {
    title: 'warm-up, new and old form',
    yaml: rule(`
trafficPolicy: {loadBalancer: {simple: ROUND_ROBIN, warmup: {duration: 30s, minimumPercent: 20, aggression: 1.5}}}
subsets:
- {name: v1, labels: {version: v1}, trafficPolicy: {loadBalancer: {simple: LEAST_REQUEST, warmupDurationSecs: 45s}}}
- {name: v2, labels: {version: v2}, trafficPolicy: {loadBalancer: {warmup: {duration: 10s}}}}`),
  },
  ...[
    'httpHeaderName: x-user',
    'httpCookie: {name: session, ttl: 60s, path: /p}',
    'httpCookie: {name: session}',
    'useSourceIp: true',
    'httpQueryParameterName: user, minimumRingSize: 2048',
    'httpHeaderName: x-user, ringHash: {minimumRingSize: 4096}',
    'httpHeaderName: x-user, maglev: {tableSize: 65537}',
  ].map((hash) => ({
    title: `consistent hash: ${hash}`,
    yaml: rule(`trafficPolicy: {loadBalancer: {consistentHash: {${hash}}}}\n${SUBSETS}`),
  })),
  {
    title: 'consistent hash of subset and port, on routes with a VirtualService',
    yaml:
      rule(`
trafficPolicy:
  loadBalancer: {consistentHash: {httpHeaderName: x-rule}}
  portLevelSettings: [{port: {number: 8080}, loadBalancer: {consistentHash: {httpHeaderName: x-port}}}]
subsets:
- {name: v1, labels: {version: v1}, trafficPolicy: {loadBalancer: {consistentHash: {useSourceIp: true}}}}
- {name: v2, labels: {version: v2}}`) +
      object(
        'VirtualService',
        'reviews',
        `
hosts: [reviews]
http:
- match: [{uri: {prefix: /1}}]
  route: [{destination: {host: reviews, subset: v1}}]
- match: [{uri: {prefix: /2}}]
  route: [{destination: {host: reviews, port: {number: 8080}}}]
- route: [{destination: {host: reviews, subset: v1}, weight: 1}, {destination: {host: reviews, subset: v2}, weight: 1}]`,
      ),
  },
  {
    title: 'connection pool, tcp and http',
    yaml: rule(`
trafficPolicy:
  connectionPool:
    tcp: {maxConnections: 7, connectTimeout: 1.25s, idleTimeout: 9s, maxConnectionDuration: 1h, tcpKeepalive: {probes: 3, time: 30s, interval: 5s}}
    http: {http1MaxPendingRequests: 11, http2MaxRequests: 13, maxRequestsPerConnection: 17, maxRetries: 19, idleTimeout: 23s}
${SUBSETS}`),
  },
  {
    title: 'tcp idle timeout alone, zero limits, retry budget',
    yaml: rule(`
trafficPolicy:
  connectionPool: {tcp: {idleTimeout: 9s, maxConnections: 0}, http: {maxRetries: 0}}
  retryBudget: {percent: 12.5, minRetryConcurrency: 4}
subsets: [{name: v1, labels: {version: v1}, trafficPolicy: {retryBudget: {}}}]`),
  },
  {
    title: 'HTTP/2: upgrade, not upgraded, client protocol',
    yaml: rule(`
trafficPolicy: {connectionPool: {http: {h2UpgradePolicy: UPGRADE, maxConcurrentStreams: 5}}}
subsets:
- {name: v1, labels: {version: v1}, trafficPolicy: {connectionPool: {http: {h2UpgradePolicy: DO_NOT_UPGRADE}}}}
- {name: v2, labels: {version: v2}, trafficPolicy: {connectionPool: {http: {useClientProtocol: true}}}}`),
  },
  {
    title: 'outlier detection, every field',
    yaml: rule(`
trafficPolicy:
  outlierDetection: {consecutive5xxErrors: 3, consecutiveGatewayErrors: 0, interval: 2s, baseEjectionTime: 4s, maxEjectionPercent: 60, minHealthPercent: 40, splitExternalLocalOriginErrors: true, consecutiveLocalOriginFailures: 6}
subsets:
- {name: v1, labels: {version: v1}, trafficPolicy: {outlierDetection: {consecutive5xxErrors: 0, consecutiveGatewayErrors: 2}}}
- {name: v2, labels: {version: v2}, trafficPolicy: {outlierDetection: {}}}`),
  },
  {
    title: 'port level settings replace, subsets inherit',
    yaml: rule(`
trafficPolicy:
  loadBalancer: {simple: ROUND_ROBIN}
  connectionPool: {tcp: {maxConnections: 1}}
  outlierDetection: {consecutive5xxErrors: 2}
  portLevelSettings:
  - {port: {number: 8080}, connectionPool: {tcp: {maxConnections: 2}}}
subsets:
- {name: v1, labels: {version: v1}, trafficPolicy: {loadBalancer: {simple: RANDOM}}}
- name: v2
  labels: {version: v2}
  trafficPolicy: {connectionPool: {tcp: {maxConnections: 3}}, portLevelSettings: [{port: {number: 80}, loadBalancer: {simple: RANDOM}}]}`),
  },
  {
    title: 'locality: outlier detection gives priorities',
    yaml: rule(`trafficPolicy: {outlierDetection: {consecutive5xxErrors: 1}}\n${SUBSETS}`),
  },
  {
    title: 'locality: distribute',
    yaml: rule(`
trafficPolicy:
  loadBalancer: {localityLbSetting: {distribute: [{from: r1/z1/*, to: {"r1/z1/*": 80, "r2/*": 20}}]}}
${SUBSETS}`),
  },
  {
    title: 'locality: failover of regions',
    yaml: rule(`
trafficPolicy:
  outlierDetection: {consecutive5xxErrors: 1}
  loadBalancer: {localityLbSetting: {failover: [{from: r1, to: r3}]}}
${SUBSETS}`),
  },
  {
    title: 'locality: failoverPriority by labels',
    node: { labels: { version: 'v2' }, locality: { region: 'r1', zone: 'z2', subZone: '' } },
    yaml: rule(`
trafficPolicy:
  outlierDetection: {consecutive5xxErrors: 1}
  loadBalancer: {localityLbSetting: {failoverPriority: [topology.kubernetes.io/region, version, app=reviews]}}`),
  },
  {
    title: 'locality: switched off',
    yaml: rule(`
trafficPolicy:
  outlierDetection: {consecutive5xxErrors: 1}
  loadBalancer: {localityLbSetting: {enabled: false}}`),
  },
  {
    title: 'TLS: disabled, ISTIO_MUTUAL, SIMPLE, MUTUAL',
    yaml: rule(`
trafficPolicy: {tls: {mode: DISABLE}}
subsets:
- {name: v1, labels: {version: v1}, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}
- {name: v2, labels: {version: v2}, trafficPolicy: {tls: {mode: SIMPLE, sni: s.test, caCertificates: /c/ca.pem, subjectAltNames: [a.test]}}}
- {name: m, labels: {version: v2}, trafficPolicy: {tls: {mode: MUTUAL, clientCertificate: /c/cert.pem, privateKey: /c/key.pem}}}
- {name: i, labels: {version: v2}, trafficPolicy: {tls: {mode: SIMPLE, insecureSkipVerify: true}}}
- {name: s, labels: {version: v2}, trafficPolicy: {tls: {mode: ISTIO_MUTUAL, sni: own.test, subjectAltNames: ["spiffe://x/y"]}}}`),
  },
  {
    title: 'rules: wildcard host, merged subsets, workload selector, exportTo',
    node: { labels: { app: 'web' } },
    yaml:
      REVIEWS +
      service('cart') +
      service('pay', 'other') +
      object(
        'DestinationRule',
        'wild',
        'host: "*.shop.svc.cluster.local"\ntrafficPolicy: {connectionPool: {tcp: {maxConnections: 5}}}',
      ) +
      object('DestinationRule', 'a', 'host: reviews\nsubsets: [{name: v1, labels: {version: v1}}]') +
      object(
        'DestinationRule',
        'b',
        'host: reviews\ntrafficPolicy: {connectionPool: {tcp: {maxConnections: 6}}}\nsubsets: [{name: v2, labels: {version: v2}}, {name: v1, labels: {version: v9}}]',
      ) +
      object(
        'DestinationRule',
        'web',
        'host: cart\nworkloadSelector: {matchLabels: {app: web}}\ntrafficPolicy: {connectionPool: {tcp: {maxConnections: 7}}}',
      ) +
      object(
        'DestinationRule',
        'pay-private',
        'host: pay\nexportTo: ["."]\ntrafficPolicy: {connectionPool: {tcp: {maxConnections: 8}}}',
        'other',
      ) +
      object(
        'DestinationRule',
        'root',
        'host: "*.other.svc.cluster.local"\ntrafficPolicy: {connectionPool: {tcp: {maxConnections: 9}}}',
        'istio-system',
      ),
  },
];
