/** YAML that istiod refuses as a whole; `inmesh dev` must refuse it too. */

import { object, REVIEWS, routes, rule, TO_V1 } from './base';

const entry = (spec: string) =>
  object(
    'ServiceEntry',
    'e',
    `hosts: [e.example.com]\nports: [{number: 80, name: http, protocol: HTTP}]\n${spec}`,
  );
const route = (http: string) => routes(`\n- ${TO_V1}\n  ${http}`);

export const REFUSED: Readonly<Record<string, string>> = {
  'a boolean where a string belongs': route('headers: {request: {set: {x-rule: n}}}'),
  'a bad duration': route('timeout: 3x'),
  'a timeout of 0s': route('timeout: 0s'),
  'a number as duration': route('timeout: 3'),
  'an unknown enum value': rule('trafficPolicy: {loadBalancer: {simple: FAIR}}'),
  'no host in a destination': routes('\n- route: [{destination: {subset: v1}}]'),
  'weights of zero': routes(
    '\n- route: [{destination: {host: reviews}, weight: 0}, {destination: {host: a.b}, weight: 0}]',
  ),
  'a negative weight': routes(
    '\n- route: [{destination: {host: reviews}, weight: -1}, {destination: {host: a.b}, weight: 2}]',
  ),
  'redirect and route': routes(`\n- ${TO_V1}\n  redirect: {uri: /x}`),
  'a route that does nothing': routes('\n- name: x'),
  'a bad regular expression': route("match: [{uri: {regex: '('}}]"),
  'an unknown retry condition': route('retries: {attempts: 2, retryOn: sometimes}'),
  'negative attempts': route('retries: {attempts: -1}'),
  'zero attempts with conditions': route('retries: {attempts: 0, retryOn: 5xx}'),
  'a fault of more than 100 percent': route('fault: {abort: {percentage: {value: 101}, httpStatus: 500}}'),
  'a status that is none': routes('\n- directResponse: {status: 42}'),
  'a redirect code that is none': routes('\n- redirect: {uri: /x, redirectCode: 200}'),
  'a mirror of more than 100 percent': route('mirror: {host: reviews}\n  mirrorPercentage: {value: 101}'),
  'the host * for the mesh': object(
    'VirtualService',
    'v',
    `hosts: ["*"]\nhttp: [{route: [{destination: {host: a.b}}]}]`,
  ),
  'a VirtualService without routes': object('VirtualService', 'v', 'hosts: [a.example.com]'),
  'no hosts of a ServiceEntry': object(
    'ServiceEntry',
    'e',
    'ports: [{number: 80, name: http, protocol: HTTP}]',
  ),
  'NONE with endpoints': entry('endpoints: [{address: 10.0.0.1}]'),
  'STATIC with a host name': entry('resolution: STATIC\nendpoints: [{address: a.example.com}]'),
  'DNS_ROUND_ROBIN with two endpoints': entry(
    'resolution: DNS_ROUND_ROBIN\nendpoints: [{address: a.b}, {address: c.d}]',
  ),
  'a wildcard with DNS': entry('resolution: DNS').replace('[e.example.com]', '["*.example.com"]'),
  'an endpoint port that is none': entry(
    'resolution: STATIC\nendpoints: [{address: 10.0.0.1, ports: {nope: 1}}]',
  ),
  'a bad address': entry('addresses: [nonsense]'),
  'a port twice': entry('').replace('}]', '}, {number: 80, name: b, protocol: HTTP}]'),
  'a port name twice': entry('').replace('}]', '}, {number: 81, name: http, protocol: HTTP}]'),
  'an unknown protocol': entry('').replace('HTTP}', 'CARRIER-PIGEON}'),
  'a port number of 0': entry('').replace('number: 80', 'number: 0'),
  'endpoints and a selector': entry(
    'resolution: STATIC\nworkloadSelector: {labels: {a: b}}\nendpoints: [{address: 10.0.0.1}]',
  ),
  'subsets of one name': rule('subsets: [{name: v1, labels: {a: b}}, {name: v1, labels: {c: d}}]'),
  'a percentage of more than 100': rule('trafficPolicy: {outlierDetection: {maxEjectionPercent: 101}}'),
  'distribute that is not 100 together': rule(
    'trafficPolicy: {loadBalancer: {localityLbSetting: {distribute: [{from: r1, to: {r1: 50}}]}}}',
  ),
  'MUTUAL without certificate': rule('trafficPolicy: {tls: {mode: MUTUAL}}'),
  'maglev without table size': rule(
    'trafficPolicy: {loadBalancer: {consistentHash: {useSourceIp: true, maglev: {}}}}',
  ),
  'upgrade and client protocol': rule(
    'trafficPolicy: {connectionPool: {http: {h2UpgradePolicy: UPGRADE, useClientProtocol: true}}}',
  ),
  'a rule exported to nobody': rule('exportTo: ["~"]'),
  'a Sidecar host without namespace': REVIEWS + object('Sidecar', 's', 'egress: [{hosts: [reviews]}]'),
  'a Sidecar listener without hosts': REVIEWS + object('Sidecar', 's', 'egress: [{hosts: []}]'),
  'a WorkloadEntry without address': object('WorkloadEntry', 'w', 'labels: {a: b}'),
};

/** What `inmesh dev` refuses although istiod takes it: a mistake all the same, which istiod passes over in silence. */
export const STRICTER: Readonly<Record<string, string>> = {
  'an unknown field': route('timout: 3s'),
  'a subset that no DestinationRule has': routes('\n- route: [{destination: {host: reviews, subset: v9}}]'),
  'an abort without status': route('fault: {abort: {percentage: {value: 10}}}'),
};
