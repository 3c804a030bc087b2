/** envoy.md §5: faults, mirrors, CORS. */

import type { Case, CaseGroup } from '../bed';
import { object, routes, service, TO_V1, virtualService } from './base';

const ABORT = (spec: string) =>
  routes(`- fault: {abort: ${spec}}\n  headers: {response: {set: {x-r: "1"}}}\n  ${TO_V1}`);

export const FAULTS: CaseGroup = {
  title: 'faults',
  cases: [
    {
      title: 'abort with 100 %',
      yaml: ABORT('{percentage: {value: 100}, httpStatus: 555}'),
      requests: [{}, { method: 'POST', body: 'b' }, { method: 'HEAD' }],
      expect: '555',
    },
    {
      title: 'abort with 0 %',
      yaml: ABORT('{percentage: {value: 0}, httpStatus: 555}'),
      requests: [{ times: 5 }],
      expect: 'b1',
    },
    {
      title: 'abort with 30 %',
      yaml: ABORT('{percentage: {value: 30}, httpStatus: 503}'),
      requests: [{ times: 400 }],
      backends: 'distribution',
      shares: { b1: 70, '503': 30 },
    },
    {
      title: 'delay with 100 %',
      yaml: routes(`- fault: {delay: {percentage: {value: 100}, fixedDelay: 0.2s}}\n  ${TO_V1}`),
      requests: [{}, { method: 'POST', body: 'b' }],
      expect: 'b1',
      ms: [195, 2_500],
    },
    {
      title: 'delay, then abort',
      yaml: routes(
        `- fault: {delay: {percentage: {value: 100}, fixedDelay: 0.2s}, abort: {percentage: {value: 100}, httpStatus: 400}}\n  ${TO_V1}`,
      ),
      requests: [{}],
      expect: '400',
      ms: [195, 2_500],
    },
    {
      title: 'a delay does not count for the route timeout',
      yaml: routes(
        `- fault: {delay: {percentage: {value: 100}, fixedDelay: 0.3s}}\n  timeout: 0.2s\n  ${TO_V1}`,
      ),
      requests: [{ steps: [{ delay: 50 }] }],
      expect: 'b1',
      ms: [340, 2_500],
    },
    {
      title: 'an abort is not retried',
      yaml: routes(
        `- fault: {abort: {percentage: {value: 100}, httpStatus: 503}}\n  retries: {attempts: 3, retryOn: 5xx, backoff: 5s}\n  ${TO_V1}`,
      ),
      requests: [{}],
      expect: '503',
      ms: [0, 1_000],
    },
  ],
};

const copy = service(['b4'], 'copy-$name.shop.svc.cluster.local', 'copy-$name');
const gone = service(
  ['- {address: 127.0.0.1, ports: {http: $refused}}'],
  'gone-$name.shop.svc.cluster.local',
  'gone-$name',
);
const mirroring = (spec: string) =>
  copy + gone + service(['b1']) + virtualService(`- route: [{destination: {host: $host}}]\n  ${spec}`);
/** The copy comes when it comes; the last call waits for those before. */
const LATER = { pauseMs: 150, path: '/last', host: 'copy-$name' };

export const MIRRORS: CaseGroup = {
  title: 'mirrors',
  cases: [
    {
      title: 'mirror: a copy of everything goes to the other host',
      yaml: mirroring('mirror: {host: copy-$name}'),
      mirrored: true,
      requests: [{ path: '/a?b', headers: { 'x-a': '1' } }, { method: 'POST', body: 'hello' }, LATER],
      together: false,
    },
    {
      title: 'mirrorPercentage 0',
      yaml: mirroring('mirror: {host: copy-$name}\n  mirrorPercentage: {value: 0}'),
      mirrored: true,
      requests: [{ times: 3 }, LATER],
    },
    {
      title: 'mirrors: several',
      yaml: mirroring(
        'mirrors: [{destination: {host: copy-$name}}, {destination: {host: copy-$name, port: {number: 8080}}}]',
      ),
      mirrored: true,
      requests: [{}, LATER],
    },
    {
      title: 'mirror: a body beyond the replay limit',
      yaml: mirroring('mirror: {host: copy-$name}'),
      mirrored: true,
      requests: [{ method: 'POST', body: 3_000_000 }, LATER],
      tolerate: {
        'attempts that reached a backend': 'a body larger than the replay limit (1 MiB) is not copied',
        backends: 'a body larger than the replay limit (1 MiB) is not copied',
      },
    },
    {
      title: 'a mirror that refuses or fails has no effect',
      yaml: mirroring('mirrors: [{destination: {host: gone-$name}}, {destination: {host: copy-$name}}]'),
      mirrored: true,
      requests: [{ steps: { b4: [{ status: 503 }] } }, LATER],
    },
  ],
};

const POLICY = `corsPolicy:
    allowOrigins: [{exact: "https://a.test"}, {regex: ".*\\\\.b\\\\.test"}, {prefix: "https://p."}]
    allowMethods: [GET, POST]
    allowHeaders: [x-a, x-b]
    exposeHeaders: [x-c]
    maxAge: 24h
    allowCredentials: true`;
const preflight = (origin: string) => ({
  method: 'OPTIONS',
  headers: { origin, 'access-control-request-method': 'GET', 'access-control-request-headers': 'x-a' },
});
const cors = (title: string, policy: string, requests: Case['requests']): Case => ({
  title: `cors: ${title}`,
  yaml: routes(`- ${policy}\n  ${TO_V1}`),
  requests,
});
const ORIGINS = [
  'https://a.test',
  'https://x.b.test',
  'https://p.test',
  'https://evil.test',
  'HTTPS://A.TEST',
  '',
];

export const CORS: CaseGroup = {
  title: 'CORS',
  cases: [
    cors('preflights', POLICY, ORIGINS.map(preflight)),
    cors(
      'actual requests',
      POLICY,
      ORIGINS.map((origin) => ({ headers: { origin } })),
    ),
    cors('no preflight: OPTIONS without access-control-request-method, without origin', POLICY, [
      { method: 'OPTIONS', headers: { origin: 'https://a.test' } },
      { method: 'OPTIONS', headers: { 'access-control-request-method': 'GET' } },
      { method: 'OPTIONS' },
    ]),
    cors("the backend's own CORS headers", POLICY, [
      {
        headers: { origin: 'https://a.test' },
        steps: [{ headers: { 'access-control-allow-origin': '*', 'access-control-expose-headers': 'own' } }],
      },
      {
        headers: { origin: 'https://evil.test' },
        steps: [{ headers: { 'access-control-allow-origin': '*' } }],
      },
    ]),
    cors('unmatchedPreflights IGNORE', `${POLICY}\n    unmatchedPreflights: IGNORE`, ORIGINS.map(preflight)),
    cors(
      'unmatchedPreflights FORWARD',
      `${POLICY}\n    unmatchedPreflights: FORWARD`,
      ORIGINS.map(preflight),
    ),
    cors('only allowOrigins, any', 'corsPolicy: {allowOrigins: [{exact: "*"}]}', [
      preflight('https://a.test'),
      { headers: { origin: 'https://a.test' } },
    ]),
    cors(
      'allowCredentials: false',
      'corsPolicy: {allowOrigins: [{prefix: "https://"}], allowCredentials: false, allowMethods: [PUT]}',
      [preflight('https://a.test'), { headers: { origin: 'https://a.test' } }],
    ),
    {
      title: 'cors: on local answers of the rule',
      yaml:
        service([]) +
        object(
          'VirtualService',
          '$name',
          `hosts: [$host]\nhttp:\n- ${POLICY}\n  route: [{destination: {host: $host}}]`,
        ),
      requests: [{ headers: { origin: 'https://a.test' } }],
      expect: '503',
    },
  ],
};
