/** What every client does: calls, retries, local replies, loads. Texts are Envoy's. */

import type { MatrixClient } from './matrix-clients';
import type { CellPlan, Scenario } from './matrix-scenario';

const MIB = 1024 * 1024;
/** SHA-256 of the backend's 50 MiB. */
const PREFIX = 'upstream connect error or disconnect/reset before headers. ';

const tries = (client: MatrixClient) => (client.name === 'ws' ? 'json.tries' : 'header.x-tries');
const triesAre = (client: MatrixClient, count: number) =>
  client.name === 'ws' ? { 'json.tries': count } : { 'header.x-tries': String(count) };

const send =
  (request: CellPlan['request'], show: readonly string[] = ['status'], more: object = {}) =>
  (): CellPlan => ({
    kind: 'send',
    request,
    show,
    ...more,
  });

const JSON_POST = {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: '{"order":[1,2,3]}',
};
const POSTED = { 'json.method': 'POST', 'json.body': JSON_POST.body };
const POST_SHOWS = ['status', 'json.method', 'json.body'];

const ok = (client: MatrixClient) => ({ status: client.ok });

export const CALLS: readonly Scenario[] = [
  {
    name: 'plain GET',
    yaml: 'plain',
    secureYaml: 'secure',
    cell: send({ path: '/echo?x=1&y=%20z' }, ['status', 'json.method', 'json.path']),
    expect: (c) => ({ ...ok(c), 'json.method': 'GET', 'json.path': '/echo?x=1&y=%20z' }),
    bare: {},
  },
  {
    name: 'POST JSON',
    yaml: 'plain',
    secureYaml: 'secure',
    needs: ['body'],
    cell: send({ ...JSON_POST, path: '/echo' }, POST_SHOWS),
    expect: (c) => ({ ...ok(c), ...POSTED }),
    bare: {},
  },
  {
    name: 'POST JSON before the mesh is known',
    yaml: 'parked',
    secureYaml: 'secure-parked',
    group: 'first-use',
    needs: ['body'],
    cell: send({ ...JSON_POST, path: '/echo' }, POST_SHOWS),
    expect: (c) => ({ ...ok(c), ...POSTED }),
  },
  {
    name: 'header rule chooses the subset',
    yaml: 'canary',
    needs: ['routes'],
    cell: send({ path: '/echo', headers: { 'x-canary': 'yes' } }, ['status', 'json.instance'], { times: 3 }),
    expect: (c) => ({ ...ok(c), 'json.instance': 'b' }),
  },
  {
    name: 'header with two values',
    yaml: 'plain',
    secureYaml: 'secure',
    cell: send({ path: '/echo', headers: { 'x-array': ['one', 'two'] } }, ['status', 'json.headers.x-array']),
    bare: {},
  },
  {
    name: 'Expect: 100-continue as a header',
    yaml: 'plain',
    secureYaml: 'secure',
    needs: ['body'],
    cell: send({ ...JSON_POST, path: '/echo', headers: { expect: '100-continue' } }, POST_SHOWS),
    bare: {},
  },
  {
    name: 'late setHeader in socket',
    yaml: 'plain',
    secureYaml: 'secure',
    needs: ['late-header'],
    cell: send({ path: '/echo' }, ['status', 'json.headers.x-late'], { late: true }),
    bare: {},
  },
  {
    name: 'own timeout while waiting',
    yaml: 'plain',
    secureYaml: 'secure',
    cell: send({ path: '/hang', timeoutMs: 200 }),
    bare: {},
  },
  {
    name: 'response trailers',
    yaml: 'plain',
    secureYaml: 'secure',
    needs: ['trailers'],
    cell: send({ path: '/trailers' }, ['status', 'trailer.x-checksum']),
    expect: (c) => ({ ...ok(c), 'trailer.x-checksum': 'abc' }),
    bare: {},
  },
  ...['gzip', 'br'].map(
    (encoding): Scenario => ({
      name: `answer in ${encoding}`,
      yaml: 'plain',
      needs: ['decompression', 'body'],
      cell: send({ path: `/${encoding}`, compressed: true }, ['status', 'text']),
      bare: {},
    }),
  ),
  {
    name: 'redirect of the backend followed',
    yaml: 'plain',
    needs: ['redirects', 'body'],
    cell: send({ path: '/redirect' }, ['status', 'json.path']),
    expect: (c) => ({ ...ok(c), 'json.path': '/echo?redirected' }),
    bare: {},
  },
  {
    name: 'keep-alive agent of its own, four sockets',
    yaml: 'plain',
    secureYaml: 'secure',
    needs: ['agent'],
    cell: () => ({ kind: 'keepAliveAgent', request: { path: '/peak' } }),
    expect: (c) => ({ [c.ok]: 20, withinLimit: true }),
  },
  ...['get', 'url', 'options', 'string'].map(
    (shape): Scenario => ({
      name: `arguments: ${shape}`,
      yaml: 'plain',
      secureYaml: 'secure',
      needs: ['argument-shapes'],
      cell: send({ path: '/echo?shape', shape }, ['status', 'json.path']),
      expect: (c) => ({ ...ok(c), 'json.path': '/echo?shape' }),
      bare: {},
    }),
  ),
];

export const FAILURES: readonly Scenario[] = [
  {
    name: 'first endpoint refused',
    yaml: 'first-refused',
    secureYaml: 'secure-first-refused',
    cell: send({ path: '/echo' }, ['status'], { times: 5 }),
    expect: ok,
  },
  {
    name: 'POST with the first endpoint refused',
    yaml: 'first-refused',
    secureYaml: 'secure-first-refused',
    needs: ['body'],
    cell: send({ ...JSON_POST, path: '/echo' }, POST_SHOWS, { times: 3 }),
    expect: (c) => ({ ...ok(c), ...POSTED }),
  },
  {
    name: '503 without retryOn 5xx',
    yaml: 'answers-503',
    needs: ['routes'],
    cell: send({ path: '/flaky?fail=1&with=503' }, ['status', 'text']),
    expect: () => ({ status: 503, text: '{"failed":1}' }),
  },
  ...retried('503 with retryOn 5xx', 'retry-5xx', '503'),
  ...retried('500 with retryOn 5xx', 'retry-5xx', '500'),
  ...retried('502 with retryOn gateway-error', 'retry-gateway-error', '502'),
  ...retried('409 with retryOn retriable-4xx', 'retry-4xx', '409'),
  ...retried('418 with retryOn 418', 'retry-codes', '418'),
  ...retried('connection reset with retryOn reset', 'retry-reset', 'reset'),
  ...retried('per-try timeout with retryOn 5xx', 'per-try-timeout', 'hang'),
  {
    name: '503 until retries are used up',
    yaml: 'retry-5xx',
    needs: ['routes'],
    cell: send({ path: '/flaky?fail=9&with=503' }, ['status', 'text']),
    expect: () => ({ status: 503, text: '{"failed":3}' }),
  },
  {
    name: 'POST body replayed after a 503',
    yaml: 'retry-5xx',
    needs: ['routes', 'body'],
    cell: send({ ...JSON_POST, path: '/flaky?fail=2&with=503' }, [...POST_SHOWS, 'header.x-tries']),
    expect: (c) => ({ ...ok(c), ...POSTED, 'header.x-tries': '3' }),
  },
  {
    name: 'POST body replayed after a reset',
    yaml: 'retry-reset',
    needs: ['routes', 'body'],
    cell: send({ ...JSON_POST, path: '/flaky?fail=1&with=reset' }, [...POST_SHOWS, 'header.x-tries']),
    expect: (c) => ({ ...ok(c), ...POSTED, 'header.x-tries': '2' }),
  },
  localReply('no route matches', 'no-route', '/echo', 404, ''),
  localReply('no healthy upstream', 'no-upstream', '/echo', 503, 'no healthy upstream'),
  localReply('refused', 'refused', '/echo', 503, `${PREFIX}reset reason: remote connection failure`),
  localReply(
    'refused, retries used up',
    'refused-retried',
    '/echo',
    503,
    `${PREFIX}retried and the latest reset reason: remote connection failure`,
  ),
  localReply('connect timeout', 'connect-timeout', '/echo', 503, `${PREFIX}reset reason: connection timeout`),
  localReply('route timeout', 'timeout', '/hang', 504, 'upstream request timeout'),
  localReply(
    'connection reset without retryOn reset',
    'no-retry',
    '/flaky?fail=9&with=reset',
    503,
    `${PREFIX}reset reason: connection termination`,
  ),
  localReply('direct response', 'direct', '/echo', 203, 'answered by the route'),
  {
    name: 'local reply: redirect',
    yaml: 'redirect',
    needs: ['routes'],
    cell: (c) => {
      const shows = c.lacks.redirects ? ['status', 'header.location'] : ['status', 'json.path'];
      return send({ path: '/old' }, shows)();
    },
    expect: (c) =>
      c.lacks.redirects
        ? { status: 302, 'header.location': 'http://plain.matrix.test/echo' }
        : { ...ok(c), 'json.path': '/echo' },
  },
];

function retried(name: string, yaml: string, failure: string): Scenario[] {
  return [
    {
      name,
      yaml,
      needs: ['routes'],
      cell: (c) => send({ path: `/flaky?fail=1&with=${failure}` }, ['status', tries(c)])(),
      expect: (c) => ({ ...ok(c), ...triesAre(c, 2) }),
    },
  ];
}

function localReply(name: string, yaml: string, path: string, status: number, text: string): Scenario {
  return {
    name: `local reply: ${name}`,
    yaml,
    needs: ['routes'],
    cell: send({ path }, ['status', 'text']),
    expect: () => ({ status, text }),
  };
}

export const LOADS: readonly Scenario[] = [
  {
    name: '1,000 concurrent',
    yaml: 'plain',
    secureYaml: 'secure',
    group: 'heavy',
    cell: () => ({ kind: 'concurrent', request: { path: '/echo' }, count: 1000 }),
    expect: (c) => ({ [c.ok]: 1000, strangers: 0 }),
  },
  {
    name: '50 concurrent before the mesh is known',
    yaml: 'parked',
    secureYaml: 'secure-parked',
    group: 'first-use',
    cell: () => ({ kind: 'concurrent', request: { path: '/echo' }, count: 50 }),
    expect: (c) => ({ [c.ok]: 50, strangers: 0 }),
  },
  {
    name: '50 MB up',
    yaml: 'plain',
    secureYaml: 'secure',
    group: 'heavy',
    cell: () => ({ kind: 'upload', request: { path: '/sink' }, mib: 50 }),
    expect: (c) => ({ ...ok(c), length: 50 * MIB, same: true }),
  },
  {
    name: '50 MB down',
    yaml: 'plain',
    secureYaml: 'secure',
    group: 'heavy',
    cell: () => ({ kind: 'download', request: { path: '/bytes?mib=50' } }),
    expect: (c) => ({ ...ok(c), length: 50 * MIB, sha256: backendHash(50) }),
  },
];

/** SHA-256 of the backend's `/bytes?mib=`: fixed by its formula. */
function backendHash(mib: number): string {
  const { createHash } = require('node:crypto') as typeof import('node:crypto');
  const block = Buffer.alloc(MIB);
  for (let i = 0; i < MIB; i++) block[i] = (i * 31 + (i >> 8)) & 0xff;
  const hash = createHash('sha256');
  for (let i = 0; i < mib; i++) hash.update(block);
  return hash.digest('hex');
}
