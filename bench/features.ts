/**
 * What each feature of a rule costs a call: CPU of the policy of one call from its head to its end, without sockets,
 * over the same call by a rule that has nothing but a destination.
 */

import { type Call, createMesh, type Mesh, type RequestHead } from '../src/call';
import type { Cluster, ForwardAction, Route } from '../src/model';
import {
  cluster,
  endpoint,
  forward,
  NO_CHANGES,
  outlierDetection,
  retryPolicy,
  route,
  StaticFeed,
  type StaticMesh,
  virtualHost,
} from './mesh';
import type { Bench, Row } from './row';

const BLOCK = 4_000;
const BLOCKS = 25;
const ALL = { numerator: 100, denominator: 100 };
const NONE = { numerator: 0, denominator: 100 };

interface Feature {
  readonly what: string;
  readonly action?: Partial<ForwardAction>;
  readonly route?: Partial<Route>;
  readonly cluster?: Partial<Cluster>;
  /** More routes before the one that matches. */
  readonly before?: readonly Route[];
}

const set = (name: string, value: string) =>
  ({ name, value, action: 'overwrite-if-exists-or-add', keepEmptyValue: false }) as const;

const FEATURES: readonly Feature[] = [
  { what: 'time-out of the route', action: { timeoutMs: 5_000 } },
  { what: 'retry policy (5xx, reset)', action: { retry: retryPolicy({ on: ['5xx', 'reset'] }) } },
  {
    what: 'five constant request headers, two of the response',
    route: {
      headers: {
        request: { remove: ['x-none'], add: [1, 2, 3, 4, 5].map((n) => set(`x-rule-${n}`, 'value')) },
        response: { remove: [], add: [set('x-a', '1'), set('x-b', '2')] },
      },
    },
  },
  {
    what: 'header with command operators',
    route: {
      headers: { ...NO_CHANGES, request: { remove: [], add: [set('x-path', '%REQ(:PATH)% of %REQ(X-A)%')] } },
    },
  },
  {
    what: 'rewrite of the prefix and the host',
    action: { prefixRewrite: '/v2/', hostRewrite: 'other.test' },
  },
  {
    what: 'two weighted destinations',
    action: {
      weighted: true,
      clusters: [90, 10].map((weight) => ({ name: 'c', weight, headers: NO_CHANGES })),
    },
  },
  {
    what: 'hash policy by header, MAGLEV of 65,537',
    action: { hashPolicies: [{ kind: 'header', name: 'x-a', terminal: false }] },
    cluster: { loadBalancing: { kind: 'MAGLEV', tableSize: 65_537 } },
  },
  {
    what: 'fault with 0 %',
    route: { fault: { delay: { ms: 100, fraction: NONE }, abort: { status: 500, fraction: NONE } } },
  },
  {
    what: 'mirror (its policy)',
    action: { mirrors: [{ cluster: 'c', fraction: ALL, shadowSuffix: false }] },
  },
  {
    what: 'CORS policy',
    route: {
      cors: {
        allowOrigins: [{ kind: 'exact', value: 'http://a.test', ignoreCase: false }],
        allowMethods: 'GET,POST',
        allowHeaders: 'x-a',
        exposeHeaders: 'x-b',
        maxAge: '600',
        allowCredentials: true,
        forwardNotMatchingPreflights: true,
      },
    },
  },
  { what: 'outlier detection', cluster: { outlierDetection: outlierDetection() } },
  {
    what: 'circuit breakers',
    cluster: {
      circuitBreakers: { maxConnections: 100, maxPendingRequests: 100, maxRequests: 100, maxRetries: 100 },
    },
  },
  {
    what: 'LEAST_REQUEST',
    cluster: { loadBalancing: { kind: 'LEAST_REQUEST', choiceCount: 2, activeRequestBias: 1 } },
  },
  {
    what: 'TLS to the upstream (its policy)',
    cluster: { tls: { kind: 'tls', subjectAltNames: [], autoSni: true, insecureSkipVerify: false } },
  },
  {
    what: '1,000 routes before the one that matches',
    before: Array.from({ length: 1_000 }, (_, at) => route(forward('c'), `/service/${at}/`)),
  },
];

export const features: Bench = {
  name: 'features',
  async run() {
    const plain = await meshOf({ what: '' });
    const meshes: Mesh[] = [];
    for (const feature of FEATURES) meshes.push(await meshOf(feature));
    const least = new Map<Mesh, number>();
    // Turn by turn, so that all of them meet the same neighbours on the machine.
    for (let block = 0; block < BLOCKS; block++) {
      for (const mesh of [plain, ...meshes]) {
        least.set(mesh, Math.min(least.get(mesh) ?? Number.POSITIVE_INFINITY, cost(mesh)));
      }
    }
    const base = least.get(plain)!;
    const rows: Row[] = [row('policy of a call by a rule with nothing but a destination', base, '')];
    FEATURES.forEach(({ what }, at) => {
      rows.push(row(`… with ${what}`, least.get(meshes[at]!)! - base, '+'));
    });
    return rows;
  },
};

function row(what: string, us: number, sign: string): Row {
  return { what, measured: `${us >= 0 ? sign : ''}${us.toFixed(2)} µs`, budget: '' };
}

async function meshOf({
  action = {},
  route: changes = {},
  cluster: asked = {},
  before = [],
}: Feature): Promise<Mesh> {
  const endpoints = [1, 2, 3].map((n) => endpoint(`10.0.0.${n}`, 80));
  const model: StaticMesh = {
    ports: { 80: [virtualHost(['bench'], [...before, route(forward('c', action), '/', changes)])] },
    clusters: [cluster('c', endpoints, asked)],
  };
  const mesh = createMesh({
    feed: new StaticFeed(model),
    firstUseTimeoutMs: 60_000,
    envoyHeaders: true,
    log: { line: () => undefined },
    onCall: { wanted: () => false, ended: () => undefined },
  });
  mesh.ownership('http', 'bench', 80);
  await new Promise<void>((resolve, reject) => {
    mesh.whenKnown('http', 'bench', 80, (whose) =>
      whose === 'ours' ? resolve() : reject(new Error('the host is not ours')),
    );
  });
  return mesh;
}

const HEADERS: Readonly<Record<string, string>> = {
  host: 'bench',
  'user-agent': 'bench',
  accept: '*/*',
  'x-a': 'a-value',
  origin: 'http://a.test',
};

const HEAD: RequestHead = {
  scheme: 'http',
  method: 'GET',
  path: '/api/items/17?q=1',
  authority: 'bench',
  header: (name) => HEADERS[name],
};
const REPLAYABLE = { replayable: true };
const noHeader = () => undefined;

/** Microseconds of CPU of one call. */
function cost(mesh: Mesh): number {
  const from = process.cpuUsage();
  for (let i = 0; i < BLOCK; i++) {
    const call = mesh.begin('http', 'bench', 80, HEAD, i) as Call;
    run(call, i);
    for (const mirror of call.mirrors) run(mirror, i);
  }
  const { user, system } = process.cpuUsage(from);
  return (user + system) / BLOCK;
}

function run(call: Call, now: number): void {
  if (call.next(now).kind !== 'attempt') throw new Error('no attempt');
  call.connected(now);
  call.requestSent(now);
  call.response(now, 200, noHeader, REPLAYABLE);
  call.responseEnded(now, true);
  call.end(now);
}
