/** Runs one case on both sides at once. */

import { type Backends, DO, KEY } from './backends';
import type { Case, RequestSpec } from './case';
import { type Facts, factsOf } from './facts';
import type { Side, Wanted } from './side';

export interface CallRun {
  readonly facts: Facts;
  readonly ms: number;
  /** Serial numbers of the backends' connections, a number per hit. */
  readonly connections: readonly number[];
}

export interface SideRun {
  readonly calls: readonly CallRun[];
}

export interface CaseRun {
  readonly envoy: SideRun;
  readonly inmesh: SideRun;
}

export type Fill = (text: string) => string;

export async function runCase(
  each: Case,
  fill: Fill,
  backends: Backends,
  sides: { readonly envoy: Side; readonly inmesh: Side },
): Promise<CaseRun> {
  const on = async (side: Side, mark: string): Promise<SideRun> => {
    const wanted = each.requests.flatMap((spec, at) =>
      Array.from({ length: spec.times ?? 1 }, (_, time) =>
        request(spec, fill, fill(`$name-${at}-${time}-${mark}`)),
      ),
    );
    const outcomes = await side.send(wanted, each.together ?? false);
    const calls = outcomes.map((outcome, at) => {
      const seen = backends.seen(String(wanted[at]!.headers[KEY]));
      return {
        facts: factsOf(outcome, seen),
        ms: outcome.ms,
        connections: seen.map(({ connection }) => connection),
      };
    });
    return { calls };
  };
  const [envoy, inmesh] = await Promise.all([on(sides.envoy, 'e'), on(sides.inmesh, 'i')]);
  return { envoy, inmesh };
}

function request(spec: RequestSpec, fill: Fill, key: string): Wanted {
  const headers: Record<string, string | readonly string[]> = {};
  for (const [name, value] of Object.entries(spec.headers ?? {})) {
    if (value === undefined) continue;
    headers[name] = typeof value === 'string' ? fill(value) : value.map(fill);
  }
  headers[KEY] = key;
  if (spec.steps !== undefined) headers[DO] = JSON.stringify(spec.steps);
  return {
    method: spec.method ?? 'GET',
    host: fill(spec.host ?? '$host'),
    port: Number(fill(String(spec.port ?? 80))),
    path: fill(spec.path ?? '/'),
    headers,
    ...(spec.body === undefined ? {} : { body: spec.body }),
    ...(spec.pieces === undefined ? {} : { pieces: spec.pieces }),
    ...(spec.pauseMs === undefined ? {} : { pauseMs: spec.pauseMs }),
  };
}
