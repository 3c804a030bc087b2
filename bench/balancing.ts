/** Choosing among 1,000 endpoints, over choosing among 10, and the making of hash tables. */

import { Balancer, type Clock, HashTables } from '../src/balancing';
import { ClusterState, xxHash64 } from '../src/cluster';
import type { LoadBalancingPolicy } from '../src/model';
import { cluster, endpoint } from './mesh';
import type { Bench, Row } from './row';

const PICKS = 20_000;
const BLOCKS = 15;
const PLACES = 65_537;
/** How many times longer a pick may take among a hundred times the endpoints. */
const LOGARITHMIC = 10;
const CONSTANT = 3;
/** Tables made; the first finds code that was never run. */
const TABLES = 5;

interface Policy {
  readonly what: string;
  readonly policy: LoadBalancingPolicy;
  readonly most: number;
  /** Of the endpoint at this place. */
  readonly weight?: (at: number) => number;
}

const POLICIES: readonly Policy[] = [
  { what: 'ROUND_ROBIN', policy: { kind: 'ROUND_ROBIN' }, most: LOGARITHMIC },
  {
    what: 'ROUND_ROBIN with weights',
    policy: { kind: 'ROUND_ROBIN' },
    most: LOGARITHMIC,
    weight: (at) => 1 + (at % 7),
  },
  {
    what: 'LEAST_REQUEST',
    policy: { kind: 'LEAST_REQUEST', choiceCount: 2, activeRequestBias: 1 },
    most: CONSTANT,
  },
  { what: 'RANDOM', policy: { kind: 'RANDOM' }, most: CONSTANT },
  {
    what: `RING_HASH of ${PLACES}`,
    policy: { kind: 'RING_HASH', minimumRingSize: PLACES, maximumRingSize: PLACES },
    most: LOGARITHMIC,
  },
  { what: `MAGLEV of ${PLACES}`, policy: { kind: 'MAGLEV', tableSize: PLACES }, most: LOGARITHMIC },
];

export const balancing: Bench = {
  name: 'balancing',
  async run() {
    return POLICIES.flatMap((each) => measure(each));
  },
};

function measure({ what, policy, most, weight = () => 1 }: Policy): Row[] {
  const [few, many] = [10, 1_000].map((count) => made(policy, count, weight)) as [Made, Made];
  let [least10, least1000] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let block = 0; block < BLOCKS; block++) {
    least10 = Math.min(least10, cost(few.balancer));
    least1000 = Math.min(least1000, cost(many.balancer));
  }
  const times = least1000 / least10;
  const rows: Row[] = [
    {
      what: `pick among 1,000 endpoints, ${what} (among 10: ${least10.toFixed(2)} µs)`,
      measured: `${least1000.toFixed(2)} µs, ${times.toFixed(2)} times`,
      budget: most === CONSTANT ? 'O(1)' : 'O(log n)',
      within: times <= most,
    },
  ];
  if (many.turns > 0) {
    const all = Array.from({ length: TABLES }, () => made(policy, 1_000, weight));
    // The least of them is what the neighbours on the machine disturbed least.
    const longest = Math.min(...all.map(({ longestMs }) => longestMs));
    rows.push({
      what: `its table for 1,000 endpoints, made in ${many.turns} turns of the event loop`,
      measured: `${Math.min(...all.map(({ totalMs }) => totalMs)).toFixed(0)} ms, longest turn ${longest.toFixed(1)} ms`,
      budget: '≤ 5 ms',
      within: longest <= 5,
    });
  }
  return rows;
}

interface Made {
  readonly balancer: Balancer;
  /** Turns of the event loop after the one that made the balancer. */
  readonly turns: number;
  readonly totalMs: number;
  readonly longestMs: number;
}

function made(policy: LoadBalancingPolicy, count: number, weight: (at: number) => number): Made {
  const endpoints = Array.from({ length: count }, (_, at) =>
    endpoint(`10.${at >> 8}.${at & 255}.1`, 80, { weight: weight(at) }),
  );
  const snapshot = cluster('c', endpoints, { loadBalancing: policy });
  const state = new ClusterState('c');
  state.follow(snapshot.endpoints);
  const work: (() => void)[] = [];
  const clock: Clock = { now: () => performance.now(), soon: (later) => work.push(later) };
  let [turns, totalMs, longestMs] = [0, 0, 0];
  const timed = <T>(turn: () => T): T => {
    const from = performance.now();
    const result = turn();
    const ms = performance.now() - from;
    totalMs += ms;
    longestMs = Math.max(longestMs, ms);
    return result;
  };
  const tables = new HashTables(clock);
  const balancer = timed(() => new Balancer(snapshot, state, Math.random, undefined, clock, tables));
  for (let turn = work.shift(); turn !== undefined; turn = work.shift()) {
    timed(turn);
    turns++;
  }
  return { balancer, turns, totalMs, longestMs };
}

const KEYS = Array.from({ length: 256 }, (_, at) => xxHash64(Buffer.from(`key-${at}`)));

/** Microseconds of CPU of a pick. */
function cost(balancer: Balancer): number {
  const from = process.cpuUsage();
  for (let i = 0; i < PICKS; i++) {
    if (balancer.pick(undefined, 0, i, KEYS[i & 255]) === undefined) throw new Error('no endpoint');
  }
  const { user, system } = process.cpuUsage(from);
  return (user + system) / PICKS;
}
