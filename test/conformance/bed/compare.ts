/** Says where the two sides of a case differ. */

import type { Case } from './case';
import { fits, sameDistribution } from './chi-square';
import { type Facts, type Headers, inShort } from './facts';
import type { CaseRun, SideRun } from './run';
import { tolerate } from './tolerated';

/** Rarer than this is no chance: a suite of 200 cases run daily for years never sees it. */
const NO_CHANCE = 1e-6;

/** One sentence per difference; none when the sides are alike. */
export function differences(each: Case, { envoy, inmesh }: CaseRun): string[] {
  const found = [
    ...expectations(each, envoy),
    ...timing(each, 'Envoy', envoy),
    ...timing(each, 'inmesh', inmesh),
  ];
  const { backends = 'exact', together = false } = each;
  if (backends === 'distribution') return [...found, ...distribution(each, envoy, inmesh)];
  if (backends === 'count') found.push(...counts(envoy, inmesh));
  if (each.connections && connections(envoy) !== connections(inmesh)) {
    found.push(`connections: Envoy ${connections(envoy)}, inmesh ${connections(inmesh)}`);
  }
  const of = (side: SideRun) =>
    side.calls.map(({ facts }) => (each.mirrored ? byBackend(tolerate(facts)) : tolerate(facts)));
  const ordered = together ? sorted : (facts: readonly Facts[]) => facts;
  const theirs = ordered(of(envoy));
  const ours = ordered(of(inmesh));
  theirs.forEach((facts, at) => {
    for (const [part, a, b] of parts(facts, ours[at]!, backends === 'exact')) {
      if (a === b || each.tolerate?.[part] !== undefined) continue;
      found.push(`call ${at + 1}, ${part}: Envoy ${a}, inmesh ${b}`);
    }
  });
  return found;
}

type Part = readonly [name: string, envoy: string, inmesh: string];

function parts(a: Facts, b: Facts, exactBackends: boolean): Part[] {
  const show = (value: unknown) => JSON.stringify(value);
  const found: Part[] = [
    ['status', show(a.status), show(b.status)],
    ['reason', show(a.reason), show(b.reason)],
    ['body', show(shown(a, exactBackends)), show(shown(b, exactBackends))],
    ['trailers', show(a.trailers), show(b.trailers)],
    ['error', show(a.error), show(b.error)],
    ...headerParts('response header', a.headers, b.headers),
    ['attempts that reached a backend', show(a.seen.length), show(b.seen.length)],
  ];
  if (exactBackends) found.push(['backends', show(a.seen.map(names)), show(b.seen.map(names))]);
  for (let at = 0; at < Math.min(a.seen.length, b.seen.length); at++) {
    const [x, y] = [a.seen[at]!, b.seen[at]!];
    found.push(
      ['request method', show(x.method), show(y.method)],
      ['request path', show(x.path), show(y.path)],
      ['request body', show(x.body), show(y.body)],
      ['TLS', show(x.tls), show(y.tls)],
      ...headerParts('request header', x.headers, y.headers),
    );
  }
  return found;
}

function shown(facts: Facts, exactBackends: boolean): string {
  return facts.backendAnswered && !exactBackends ? facts.body.replace(/\bb\d\b/g, 'a backend') : facts.body;
}

function names({ backend }: { readonly backend: string }): string {
  return backend;
}

function headerParts(kind: string, a: Headers, b: Headers): Part[] {
  const all = new Set([...a, ...b].map(([name]) => name));
  return [...all].map((name) => [`${kind} ${name}`, lines(a, name), lines(b, name)]);
}

function lines(headers: Headers, wanted: string): string {
  return JSON.stringify(headers.filter(([name]) => name === wanted).map(([, value]) => value));
}

function expectations({ expect }: Case, envoy: SideRun): string[] {
  if (expect === undefined) return [];
  const got = envoy.calls.map(({ facts }) => inShort(facts));
  const wanted = typeof expect === 'string' ? got.map(() => expect) : expect;
  const same = wanted.length === got.length && wanted.every((each, at) => each === got[at]);
  return same ? [] : [`the case is wrong about Envoy: it did ${JSON.stringify(got)}`];
}

function timing({ ms }: Case, who: string, { calls }: SideRun): string[] {
  if (ms === undefined) return [];
  const [least, most] = ms;
  return calls.flatMap((call, at) =>
    call.ms >= least && call.ms <= most
      ? []
      : [`call ${at + 1}: ${who} took ${call.ms.toFixed(0)} ms, not ${least} to ${most}`],
  );
}

function counts(envoy: SideRun, inmesh: SideRun): string[] {
  const [a, b] = [text(tally(envoy)), text(tally(inmesh))];
  return a === b ? [] : [`calls by backend: Envoy ${a}, inmesh ${b}`];
}

function distribution({ shares }: Case, envoy: SideRun, inmesh: SideRun): string[] {
  const [a, b] = [tally(envoy), tally(inmesh)];
  const found: string[] = [];
  if (sameDistribution(a, b) < NO_CHANCE) found.push(`distribution: Envoy ${text(a)}, inmesh ${text(b)}`);
  if (shares === undefined) return found;
  if (fits(a, shares) < NO_CHANCE) found.push(`the case is wrong about Envoy: ${text(a)}`);
  if (fits(b, shares) < NO_CHANCE) found.push(`shares: ${text(shares)} wanted, inmesh ${text(b)}`);
  return found;
}

/** Answers by backend; those of the proxy by status. */
function tally({ calls }: SideRun): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { facts } of calls) counts.set(inShort(facts), (counts.get(inShort(facts)) ?? 0) + 1);
  return counts;
}

function text(counts: ReadonlyMap<string, number> | Readonly<Record<string, number>>): string {
  const rows = counts instanceof Map ? [...counts] : Object.entries(counts);
  return rows
    .sort()
    .map(([name, count]) => `${name}: ${count}`)
    .join(', ');
}

/** Which connection each hit came on, numbered by first use. */
function connections({ calls }: SideRun): string {
  const known: number[] = [];
  return calls
    .flatMap(({ connections: all }) => all)
    .map((serial) => {
      if (!known.includes(serial)) known.push(serial);
      return known.indexOf(serial);
    })
    .join(' ');
}

function byBackend(facts: Facts): Facts {
  return { ...facts, seen: [...facts.seen].sort((a, b) => (a.backend < b.backend ? -1 : 1)) };
}

function sorted(facts: readonly Facts[]): readonly Facts[] {
  return [...facts].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}
