/** Calls given up in each phase of their life, the order of Node's own events, and what is not ours. */

import type { CellPlan, Group, Scenario } from './matrix-scenario';

/** On bare Node, a call that is parked or backing off looks like one that is connecting or waiting. */
export const ABORTS: readonly Scenario[] = [
  given('before it is sent', 'before-send', 'plain', 'secure', '/echo'),
  given('while parked', 'parked', 'parked', 'secure-parked', '/echo', {
    group: 'parked',
    bareYaml: 'black-hole',
  }),
  given('while connecting', 'connecting', 'black-hole', 'secure-black-hole', '/echo'),
  given('waiting for the response', 'waiting', 'plain', 'secure', '/hang', { closes: true }),
  given('in the body', 'body', 'plain', 'secure', '/drip', { closes: true }),
  given('in back-off', 'back-off', 'back-off', undefined, '/flaky?fail=9', {
    bareYaml: 'plain',
    barePath: '/hang',
  }),
];

interface PhaseExtras {
  readonly group?: Group;
  readonly bareYaml?: string;
  readonly barePath?: string;
  /** The backend must see its connection go. */
  readonly closes?: boolean;
}

function given(
  name: string,
  phase: string,
  yaml: string,
  secureYaml: string | undefined,
  path: string,
  { group, bareYaml, barePath, closes = false }: PhaseExtras = {},
): Scenario {
  return {
    name: `aborted ${name}`,
    yaml,
    ...(secureYaml ? { secureYaml } : {}),
    ...(group ? { group } : {}),
    needs: secureYaml ? [] : ['routes'],
    // http-proxy does not notice a caller that leaves while it waits: its own matter, the same on bare Node.
    cell: (c) => ({ kind: 'abort', phase, request: { path }, closes: closes && c.name !== 'http-proxy' }),
    bare: {
      ...(bareYaml ? { yaml: bareYaml, secureYaml: 'secure-black-hole' } : {}),
      ...(barePath ? { path: barePath } : {}),
    },
  };
}

interface Drama {
  readonly drama: string;
  readonly path?: string;
  readonly options?: object;
  readonly yaml?: string;
  readonly secureYaml?: string | undefined;
  readonly name?: string;
  readonly group?: Group;
  readonly bare?: Scenario['bare'];
  /** It ends or errs before the socket is connected: see `SOCKET_COMES_LATER`. */
  readonly early?: boolean;
}

const PARKED: Omit<Drama, 'drama'> = {
  yaml: 'parked',
  secureYaml: 'secure-parked',
  group: 'parked',
  bare: { yaml: 'black-hole', secureYaml: 'secure-black-hole' },
};
const CONNECTING: Omit<Drama, 'drama'> = { yaml: 'black-hole', secureYaml: 'secure-black-hole' };
const POST = { method: 'POST' };

const DRAMAS: readonly Drama[] = [
  { drama: 'plain' },
  { drama: 'post', options: POST },
  { drama: 'trailers', options: POST },
  { drama: 'expect', options: { ...POST, headers: { expect: '100-continue' } } },
  { drama: 'end-in-socket', options: POST },
  { drama: 'destroy-at-once' },
  { drama: 'destroy-with-error' },
  { drama: 'abort-at-once' },
  { drama: 'destroy-waiting', path: '/hang' },
  { drama: 'abort-waiting', path: '/hang' },
  { drama: 'signal', path: '/hang' },
  { drama: 'destroy-in-response', path: '/drip' },
  { drama: 'destroy-in-body', path: '/drip' },
  { drama: 'destroy-unfinished', options: POST, path: '/hang', early: true },
  { drama: 'timeout', path: '/hang' },
  { drama: 'timeout-option', path: '/hang', options: { timeout: 700 } },
  { drama: 'write-after-end', early: true },
  ...['destroy-at-once', 'destroy-next-tick', 'destroy-with-error', 'timeout-option'].flatMap((drama) => {
    const options = drama === 'timeout-option' ? { timeout: 150 } : {};
    return [
      { drama, options, ...PARKED, name: `${drama}, parked` },
      { drama, options, ...CONNECTING, name: `${drama}, connecting` },
    ];
  }),
  {
    drama: 'plain',
    name: 'plain, first endpoint refused',
    yaml: 'first-refused',
    secureYaml: 'secure-first-refused',
    bare: { yaml: 'plain', secureYaml: 'secure' },
  },
  same('plain', 'retried after a 503', 'retry-5xx', '/flaky?fail=1', '/echo'),
  same('post', 'retried after a 503', 'retry-5xx', '/flaky?fail=1', '/echo', POST),
  same('post', 'retried after a reset', 'retry-reset', '/flaky?fail=1&with=reset', '/echo', POST),
  same('plain', 'local reply', 'no-upstream', '/echo', '/flaky?fail=9&with=503'),
  same('post', 'local reply', 'no-upstream', '/echo', '/flaky?fail=9&with=503', POST),
  same('expect', 'retried after a 503', 'retry-5xx', '/flaky?fail=1', '/echo', {
    ...POST,
    headers: { expect: '100-continue' },
  }),
];

/** A call that the mesh repairs or answers looks like one that bare Node's backend answers so. */
function same(
  drama: string,
  name: string,
  yaml: string,
  path: string,
  barePath: string,
  options = {},
): Drama {
  return {
    drama,
    options,
    path,
    name: `${drama}, ${name}`,
    yaml,
    secureYaml: undefined,
    bare: { yaml: 'plain', path: barePath },
  };
}

/**
 * Two differences to bare Node are wanted. A socket is shown when it is connected, not when its connection is begun: so
 * nobody listens to 'socket' in these phases. And `setTimeout` counts from the call, not from the connection.
 */
const SOCKET_COMES_LATER: readonly unknown[] = [PARKED.yaml, CONNECTING.yaml];

const TIMED_OUT = ['request timeout', 'request error ECONNRESET: socket hang up', 'request close'];

const TIMEOUTS: readonly Scenario[] = [PARKED, CONNECTING].map((phase) => ({
  ...scenarioOf({ ...phase, drama: 'timeout', name: `setTimeout, ${phase.yaml}` }, false),
  expect: () => ({ log: TIMED_OUT, destroyed: true, aborted: false }),
  bare: undefined,
}));

export const EVENTS: readonly Scenario[] = DRAMAS.flatMap((drama) =>
  (drama.early || SOCKET_COMES_LATER.includes(drama.yaml) ? [false] : [false, true]).map((socketEvent) =>
    scenarioOf(drama, socketEvent),
  ),
).concat(TIMEOUTS);

function scenarioOf(drama: Drama, socketEvent: boolean): Scenario {
  const secureYaml = 'secureYaml' in drama ? drama.secureYaml : 'secure';
  return {
    name: `events: ${drama.name ?? drama.drama}${socketEvent ? ', listening to socket' : ''}`,
    yaml: drama.yaml ?? 'plain',
    ...(secureYaml ? { secureYaml } : {}),
    ...(drama.group ? { group: drama.group } : {}),
    needs: ['native'],
    cell: (): CellPlan => ({
      kind: 'events',
      drama: drama.drama,
      options: drama.options ?? {},
      request: { path: drama.path ?? '/echo' },
      socketEvent,
    }),
    bare: drama.bare ?? {},
  };
}

export const NATIVE: readonly Scenario[] = [
  native('upgrade', 'plain', 'secure', { kind: 'upgrade' }),
  native(
    'upgrade, first endpoint refused',
    'first-refused',
    'secure-first-refused',
    { kind: 'upgrade' },
    'plain',
    'secure',
  ),
  native(
    'upgrade, retried after a 503',
    'retry-5xx',
    undefined,
    { kind: 'upgrade', request: { path: '/flaky' } },
    'plain',
    undefined,
    '/echo',
  ),
  {
    ...native('upgrade, no route', 'no-route', undefined, { kind: 'upgrade' }),
    expect: () => ({ status: 404, upgraded: false }),
    bare: undefined,
  },
  native('CONNECT', 'plain', 'secure', { kind: 'connect' }),
  native('one answer piped into the next call', 'plain', 'secure', { kind: 'pipe' }),
  native('header lines as an array', 'plain', 'secure', { kind: 'arrayHeaders' }),
  native('header lines as pairs', 'plain', 'secure', { kind: 'arrayHeaders', pairs: true }),
] as readonly Scenario[];

function native(
  name: string,
  yaml: string,
  secureYaml: string | undefined,
  cell: CellPlan,
  bareYaml = yaml,
  bareSecure = secureYaml,
  barePath?: string,
): Scenario {
  return {
    name,
    yaml,
    ...(secureYaml ? { secureYaml } : {}),
    needs: ['native'],
    cell: () => cell,
    bare: {
      yaml: bareYaml,
      ...(bareSecure ? { secureYaml: bareSecure } : {}),
      ...(barePath ? { path: barePath } : {}),
    },
  };
}

const elsewhere = { kind: 'ownAgentAndLookup', show: ['status'] };

/** Hosts outside the mesh: `target` says so. */
export const NOT_OURS: readonly Scenario[] = [
  {
    name: 'own agent for a host that is not ours',
    yaml: 'plain',
    secureYaml: 'secure',
    needs: ['agent'],
    cell: () => ({ ...elsewhere, outside: 'address' }),
    expect: (c) => ({ status: c.ok, ownAgent: true }),
    bare: {},
  },
  {
    name: 'own agent and lookup for a host that is not ours',
    yaml: 'plain',
    secureYaml: 'secure',
    needs: ['agent', 'lookup'],
    cell: () => ({ ...elsewhere, outside: 'name', lookup: true }),
    expect: (c) => ({ status: c.ok, ownAgent: true, ownLookup: true }),
    bare: {},
  },
];
