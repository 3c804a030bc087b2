/** envoy.md §3 and §7: which endpoint takes a call. */

import type { CaseGroup } from '../bed';
import { endpoint, object, ROUND_ROBIN, rule, SUBSETS, service, virtualService } from './base';

const at = (backend: string, locality: string, weight = 1) =>
  endpoint(backend, `, locality: ${locality}, weight: ${weight}`);
const balanced = (simple: string) => rule(`trafficPolicy: {loadBalancer: {simple: ${simple}}}`);
const OUTLIER =
  'outlierDetection: {consecutive5xxErrors: 1, interval: 5m, baseEjectionTime: 5m, maxEjectionPercent: 100}';
/** Each backend fails its own calls only when asked for by its name. */
const FAIL = (backend: string) => ({ steps: { [backend]: [{ status: 503 }] } });

export const BALANCING: CaseGroup = {
  title: 'load balancing',
  cases: [
    {
      title: 'ROUND_ROBIN is exact',
      yaml: service(['b1', 'b2', 'b3']) + balanced('ROUND_ROBIN'),
      requests: [{ times: 30 }],
      backends: 'count',
    },
    {
      title: 'ROUND_ROBIN with weights is exact',
      yaml: service([endpoint('b1', ', weight: 3'), endpoint('b2', ', weight: 1')]) + balanced('ROUND_ROBIN'),
      requests: [{ times: 40 }],
      backends: 'count',
    },
    {
      title: 'LEAST_REQUEST with idle hosts is random',
      yaml: service(['b1', 'b2', 'b3']) + balanced('LEAST_REQUEST'),
      requests: [{ times: 450 }],
      backends: 'distribution',
      shares: { b1: 1, b2: 1, b3: 1 },
    },
    {
      title: 'LEAST_REQUEST with weights',
      yaml:
        service([endpoint('b1', ', weight: 3'), endpoint('b2', ', weight: 1')]) + balanced('LEAST_REQUEST'),
      requests: [{ times: 400 }],
      backends: 'distribution',
      shares: { b1: 3, b2: 1 },
    },
    {
      title: 'LEAST_REQUEST avoids the busy host',
      yaml: service(['b1', 'b2']) + balanced('LEAST_REQUEST'),
      requests: Array.from({ length: 80 }, (_, at) => ({
        pauseMs: 5 * at,
        steps: { b1: [{ delay: 600 }] },
      })),
      together: true,
      backends: 'distribution',
    },
    {
      title: 'without a DestinationRule: LEAST_REQUEST',
      yaml: service(['b1', 'b2']),
      requests: [{ times: 300 }],
      backends: 'distribution',
      shares: { b1: 1, b2: 1 },
    },
    {
      title: 'RANDOM',
      yaml: service(['b1', 'b2', 'b3']) + balanced('RANDOM'),
      requests: [{ times: 450 }],
      backends: 'distribution',
      shares: { b1: 1, b2: 1, b3: 1 },
    },
    {
      title: 'PASSTHROUGH of a DestinationRule does not break the other hosts',
      yaml:
        service(['b1', 'b2']) +
        balanced('ROUND_ROBIN') +
        service(['b3'], 'pt-$name.shop.svc.cluster.local', 'pt-$name'),
      requests: [{ host: 'pt-$name' }],
      expect: 'b3',
    },
    {
      title: 'locality without outlierDetection does not matter',
      yaml: service([at('b1', 'r1/z1'), at('b2', 'r2/z2')]) + balanced('ROUND_ROBIN'),
      requests: [{ times: 20 }],
      backends: 'count',
    },
    {
      title: 'locality with outlierDetection: the own zone first',
      yaml:
        service([at('b1', 'r2/z1'), at('b2', 'r1/z2'), at('b3', 'r1/z1')]) +
        rule(`trafficPolicy: {loadBalancer: {simple: ROUND_ROBIN}, ${OUTLIER}}`),
      requests: [{ times: 10 }],
      expect: 'b3',
    },
    {
      title: 'failover: zone, then region, then the rest, when those before are ejected',
      yaml:
        service([at('b1', 'r2/z1'), at('b2', 'r1/z2'), at('b3', 'r1/z1')]) +
        rule(`trafficPolicy: {loadBalancer: {simple: ROUND_ROBIN}, ${OUTLIER}}`),
      requests: [{}, FAIL('b3'), { pauseMs: 100 }, { times: 3 }, FAIL('b2'), { pauseMs: 1200 }, { times: 3 }],
      expect: ['b3', '503 b3', 'b2', 'b2', 'b2', 'b2', '503 b2', 'b1', 'b1', 'b1', 'b1'],
    },
    {
      title: 'localityLbSetting.failover between regions',
      yaml:
        service([at('b1', 'r2/z1'), at('b2', 'r3/z2'), at('b3', 'r1/z1')]) +
        rule(
          `trafficPolicy: {loadBalancer: {simple: ROUND_ROBIN, localityLbSetting: {enabled: true, failover: [{from: r1, to: r3}]}}, ${OUTLIER}}`,
        ),
      requests: [{}, FAIL('b3'), { pauseMs: 100 }, { times: 3 }],
      expect: ['b3', '503 b3', 'b2', 'b2', 'b2', 'b2'],
    },
    {
      title: 'localityLbSetting.distribute by weight',
      yaml:
        service([at('b1', 'r1/z1'), at('b2', 'r1/z2'), at('b3', 'r2/z1')]) +
        rule(
          'trafficPolicy: {loadBalancer: {simple: ROUND_ROBIN, localityLbSetting: {enabled: true, distribute: [{from: r1/z1/*, to: {"r1/z1/*": 80, "r1/z2/*": 20}}]}}}',
        ),
      requests: [{ times: 500 }],
      backends: 'distribution',
      shares: { b1: 80, b2: 20 },
    },
    {
      title: 'localityLbSetting.failoverPriority by labels',
      client: 'labelled',
      yaml:
        service([
          '- {address: 127.0.0.1, ports: {http: $b1}, labels: {tier: back}}',
          '- {address: 127.0.0.1, ports: {http: $b2}, labels: {tier: front}}',
        ]) +
        rule(
          `trafficPolicy: {loadBalancer: {simple: ROUND_ROBIN, localityLbSetting: {enabled: true, failoverPriority: [tier]}}, ${OUTLIER}}`,
        ),
      requests: [{ times: 5 }, FAIL('b2'), { pauseMs: 100 }],
      expect: ['b2', 'b2', 'b2', 'b2', 'b2', '503 b2', 'b1'],
    },
    {
      title: 'localityLbSetting enabled: false',
      yaml:
        service([at('b1', 'r1/z1'), at('b2', 'r2/z2')]) +
        rule(
          `trafficPolicy: {loadBalancer: {simple: ROUND_ROBIN, localityLbSetting: {enabled: false}}, ${OUTLIER}}`,
        ),
      requests: [{ times: 20 }],
      backends: 'count',
    },
    {
      title: 'weights of endpoints add up to the weight of a locality',
      yaml: service([at('b1', 'r1/z1', 2), at('b2', 'r1/z2', 6)]) + balanced('ROUND_ROBIN'),
      requests: [{ times: 80 }],
      backends: 'count',
    },
    {
      title: 'trafficPolicy of a subset wins over that of the rule, portLevelSettings over both',
      yaml:
        service(['b1', 'b2']) +
        rule(`trafficPolicy: {loadBalancer: {simple: RANDOM}, portLevelSettings: [{port: {number: 8080}, loadBalancer: {simple: ROUND_ROBIN}}]}
subsets: [{name: all, trafficPolicy: {loadBalancer: {simple: ROUND_ROBIN}}}]`) +
        virtualService(
          '- match: [{port: 80}]\n  route: [{destination: {host: $host, subset: all}}]\n- route: [{destination: {host: $host}}]',
        ),
      requests: [{ times: 20 }, { times: 20, port: 8080 }],
      backends: 'count',
    },
    {
      title: 'STRICT_DNS: endpoints by name',
      yaml: service(['- {address: localhost, ports: {http: $b1, http-alt: $b2}}']).replace('STATIC', 'DNS'),
      requests: [{}, { port: 8080 }],
      expect: ['b1', 'b2'],
    },
    {
      title: 'LOGICAL_DNS (DNS_ROUND_ROBIN)',
      yaml: service(['- {address: localhost, ports: {http: $b1, http-alt: $b1}}']).replace(
        'STATIC',
        'DNS_ROUND_ROBIN',
      ),
      requests: [{ times: 3 }],
      expect: 'b1',
    },
    {
      title: 'endpoints from WorkloadEntries by selector',
      yaml:
        object(
          'ServiceEntry',
          '$name',
          `
hosts: [$host]
location: MESH_INTERNAL
resolution: STATIC
ports: [{number: 80, name: http, protocol: HTTP}]
workloadSelector: {labels: {app: $name}}`,
        ) + object('WorkloadEntry', '$name', 'address: 127.0.0.1\nports: {http: $b4}\nlabels: {app: $name}'),
      requests: [{}],
      expect: 'b4',
    },
    {
      title: 'subsets by labels; a label that nothing has',
      yaml:
        service(['b1', 'b2', 'b3']) +
        rule(`${ROUND_ROBIN}\n${SUBSETS}`) +
        virtualService(
          ['v1', 'v2', 'v3', 'none']
            .map(
              (subset) =>
                `- match: [{uri: {exact: /${subset}}}]\n  route: [{destination: {host: $host, subset: ${subset}}}]`,
            )
            .join('\n'),
        ),
      requests: ['v1', 'v2', 'v3', 'none'].map((subset) => ({ path: `/${subset}` })),
      expect: ['b1', 'b2', 'b3', '503'],
    },
    {
      title: 'warmupDurationSecs: endpoints known from the start are warm at once',
      yaml:
        service(['b1', 'b2']) +
        rule('trafficPolicy: {loadBalancer: {simple: ROUND_ROBIN, warmup: {duration: 1s}}}'),
      requests: [{ pauseMs: 1200 }, { times: 40 }],
      backends: 'distribution',
      shares: { b1: 1, b2: 1 },
    },
  ],
};

const KEYS = ['alice', 'bob', 'carol', 'dave', 'erin', 'frank', 'grace', 'heidi'];
const FIVE = service(['b1', 'b2', 'b3', 'b4', 'b5']);
const hashed = (spec: string) => FIVE + rule(`trafficPolicy: {loadBalancer: {consistentHash: ${spec}}}`);

export const HASHING: CaseGroup = {
  title: 'consistent hashing',
  cases: [
    {
      title: 'httpHeaderName: the same host as Envoy for every key',
      yaml: hashed('{httpHeaderName: x-user}'),
      requests: KEYS.map((user) => ({ headers: { 'x-user': user } })),
    },
    {
      title: 'httpHeaderName absent: a random host',
      yaml: hashed('{httpHeaderName: x-user}'),
      requests: [{ times: 300 }],
      backends: 'distribution',
    },
    {
      title: 'httpQueryParameterName',
      yaml: hashed('{httpQueryParameterName: user}'),
      requests: KEYS.map((user) => ({ path: `/?user=${user}` })),
    },
    {
      title: 'httpCookie without ttl',
      yaml: hashed('{httpCookie: {name: session}}'),
      requests: KEYS.map((user) => ({ headers: { cookie: `a=b; session=${user}` } })),
    },
    {
      title: 'httpCookie with ttl: the cookie is made',
      yaml: hashed('{httpCookie: {name: session, ttl: 60s}}'),
      requests: [{}],
      backends: 'any',
      tolerate: { 'response header set-cookie': 'the value is random' },
    },
    {
      // Which host differs: the key is the instance's own address where Envoy takes that of its connection.
      title: 'useSourceIp: always the same host',
      yaml: hashed('{useSourceIp: true}'),
      requests: [{ times: 12 }],
      backends: 'any',
      connections: true,
    },
    {
      title: 'ringHash with minimumRingSize',
      yaml: hashed('{httpHeaderName: x-user, ringHash: {minimumRingSize: 64}}'),
      requests: KEYS.map((user) => ({ headers: { 'x-user': user } })),
    },
    {
      title: 'maglev',
      yaml: hashed('{httpHeaderName: x-user, maglev: {tableSize: 1009}}'),
      requests: KEYS.map((user) => ({ headers: { 'x-user': user } })),
    },
  ],
};
