/** The clusters and endpoints that a real istiod makes of fixtures/recorded/xds/mesh.yaml. */

import { strict as assert } from 'node:assert';
import { decodeCluster, decodeLoadAssignment } from '../../../src/xds';
import { cluster, endpoints, recordedBytes } from './recorded';

const REVIEWS = 'outbound|80||reviews.shop.svc.cluster.local';
const PLAIN = 'outbound|80||plain.shop.svc.cluster.local';

describe('xds: clusters of a real istiod', () => {
  it('accepts them all', () => {
    for (const [name, bytes] of recordedBytes('clusters')) assert.ok(decodeCluster(bytes).ok, name);
    for (const [name, bytes] of recordedBytes('endpoints')) assert.ok(decodeLoadAssignment(bytes).ok, name);
  });

  it('reads a cluster without rules: LEAST_REQUEST, no limits, auto-mTLS, nothing unsupported', () => {
    assert.deepEqual(cluster(PLAIN), {
      name: PLAIN,
      discovery: 'EDS',
      statName: `${PLAIN};`,
      edsServiceName: PLAIN,
      loadBalancing: { kind: 'LEAST_REQUEST', choiceCount: 2, activeRequestBias: 1 },
      circuitBreakers: {
        maxConnections: Number.POSITIVE_INFINITY,
        maxPendingRequests: Number.POSITIVE_INFINITY,
        maxRequests: Number.POSITIVE_INFINITY,
        maxRetries: Number.POSITIVE_INFINITY,
      },
      pool: { connectTimeoutMs: 10_000, maxRequestsPerConnection: 0, http2: false },
      healthyPanicThreshold: 0,
      localityWeighted: false,
      tls: { kind: 'auto', sni: 'outbound_.80_._.plain.shop.svc.cluster.local', subjectAltNames: [] },
    });
    const bytes = recordedBytes('clusters').find(([name]) => name === PLAIN)![1];
    const decoded = decodeCluster(bytes);
    assert.deepEqual(decoded.ok && decoded.unsupported, []);
  });

  it('reads connection pool, limits and keep-alive', () => {
    const { pool, circuitBreakers } = cluster(REVIEWS);
    assert.deepEqual(pool, {
      connectTimeoutMs: 2000,
      idleTimeoutMs: 30_000,
      maxRequestsPerConnection: 7,
      tcpKeepalive: { timeMs: 60_000, intervalMs: 10_000, probes: 4 },
      http2: false,
    });
    assert.deepEqual(circuitBreakers, {
      maxConnections: 10,
      maxPendingRequests: 5,
      maxRequests: 6,
      maxRetries: 8,
    });
  });

  it("reads outlier detection with Envoy's defaults for what is not said", () => {
    const { outlierDetection, healthyPanicThreshold } = cluster(REVIEWS);
    assert.equal(healthyPanicThreshold, 20);
    assert.deepEqual(outlierDetection, {
      consecutive5xx: 3,
      enforcingConsecutive5xx: 100,
      consecutiveGatewayFailure: 2,
      enforcingConsecutiveGatewayFailure: 100,
      consecutiveLocalOriginFailure: 5,
      enforcingConsecutiveLocalOriginFailure: 100,
      splitExternalLocalOriginErrors: false,
      intervalMs: 1000,
      baseEjectionTimeMs: 2000,
      maxEjectionTimeMs: 300_000,
      maxEjectionPercent: 50,
      alwaysEjectOneHost: false,
      enforcingSuccessRate: 0,
      enforcingLocalOriginSuccessRate: 100,
      successRateMinimumHosts: 5,
      successRateRequestVolume: 100,
      successRateStdevFactor: 1900,
      failurePercentageThreshold: 85,
      enforcingFailurePercentage: 0,
      enforcingFailurePercentageLocalOrigin: 0,
      failurePercentageMinimumHosts: 5,
      failurePercentageRequestVolume: 50,
    });
  });

  it('reads every balancing policy', () => {
    const policy = (name: string) => cluster(`outbound|80|${name}`).loadBalancing;
    assert.deepEqual(policy('|reviews.shop.svc.cluster.local'), {
      kind: 'ROUND_ROBIN',
      slowStart: { windowMs: 30_000, aggression: 2, minWeightPercent: 20 },
    });
    assert.equal(policy('v2|reviews.shop.svc.cluster.local').kind, 'LEAST_REQUEST');
    assert.deepEqual(policy('|random.test'), { kind: 'RANDOM' });
    assert.deepEqual(policy('|ring.test'), {
      kind: 'RING_HASH',
      minimumRingSize: 2048,
      maximumRingSize: 8_388_608,
    });
    assert.deepEqual(policy('|maglev.test'), { kind: 'MAGLEV', tableSize: 1021 });
    assert.deepEqual(policy('|*.wild.test'), { kind: 'CLUSTER_PROVIDED' });
  });

  it('detects HTTP/2', () => {
    assert.equal(cluster('outbound|80||random.test').pool.http2, true);
  });

  it('reads TLS: ISTIO_MUTUAL, SIMPLE, MUTUAL with files, insecureSkipVerify', () => {
    const peer = 'spiffe://cluster.local/ns/shop/sa/peer';
    assert.deepEqual(cluster('outbound|80||mesh.test').tls, {
      kind: 'istio-mutual',
      sni: 'outbound_.80_._.mesh.test',
      subjectAltNames: [peer],
    });
    const versions = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3' } as const;
    assert.deepEqual(cluster('outbound|80||simple.test').tls, {
      kind: 'tls',
      ...versions,
      sni: 'sni.test',
      subjectAltNames: ['san.test'],
      insecureSkipVerify: false,
    });
    assert.deepEqual(cluster('outbound|80||mutual.test').tls, {
      kind: 'tls',
      ...versions,
      autoSni: true,
      autoSanValidation: true,
      subjectAltNames: [peer],
      certFile: '/etc/certs/cert.pem',
      keyFile: '/etc/certs/key.pem',
      caFile: '/etc/certs/root.pem',
      insecureSkipVerify: false,
    });
    assert.deepEqual(cluster('outbound|80||skip.test').tls, {
      kind: 'tls',
      ...versions,
      autoSni: true,
      subjectAltNames: [],
      insecureSkipVerify: true,
    });
  });

  it('reads DNS clusters with inline endpoints', () => {
    const strict = cluster('outbound|80||dns.test');
    assert.equal(strict.discovery, 'STRICT_DNS');
    assert.deepEqual(strict.dns, { refreshMs: 60_000, respectTtl: true, family: 'v4' });
    assert.deepEqual(
      strict.inlineEndpoints?.localities[0]?.endpoints.map(({ address, port }) => [address, port]),
      [
        ['one.dns.test', 9090],
        ['two.dns.test', 80],
      ],
    );
    const logical = cluster('outbound|80||logical.test');
    assert.equal(logical.discovery, 'LOGICAL_DNS');
    assert.equal(logical.inlineEndpoints?.localities[0]?.endpoints[0]?.address, 'logical.test');
  });

  it('reads pass-through clusters', () => {
    assert.equal(cluster('PassthroughCluster').discovery, 'ORIGINAL_DST');
    assert.equal(cluster('outbound|80||*.wild.test').discovery, 'ORIGINAL_DST');
  });

  it('says which object a cluster comes from', () => {
    assert.deepEqual(cluster(REVIEWS).origin, {
      kind: 'DestinationRule',
      namespace: 'shop',
      name: 'reviews',
    });
  });

  it('reads endpoints: locality, priority, weight, TLS mode, workload, IPv6', () => {
    const { localities } = endpoints(REVIEWS);
    const all = localities.flatMap((group) =>
      group.endpoints.map((e) => ({ ...e, region: group.locality.region, priority: group.priority })),
    );
    assert.deepEqual(
      all.find((e) => e.port === 9081),
      {
        address: '127.0.0.1',
        port: 9081,
        weight: 3,
        health: 'UNKNOWN',
        workload: 'reviews-0;shop;reviews-0;v1;Kubernetes',
        region: 'r1',
        priority: 0,
      },
    );
    assert.equal(all.find((e) => e.port === 9082)?.tlsMode, 'istio');
    const remote = all.find((e) => e.port === 9083);
    assert.equal(remote?.address, '::1');
    assert.ok(remote!.priority > 0, 'another region comes after the own');
  });

  it('reads locality weights of a distribution', () => {
    assert.equal(cluster('outbound|80||locality.test').localityWeighted, true);
    const weights = endpoints('outbound|80||locality.test').localities.map((l) => [
      l.locality.zone,
      l.weight,
    ]);
    assert.deepEqual(weights.sort(), [
      ['z1', 80],
      ['z2', 20],
    ]);
  });
});
