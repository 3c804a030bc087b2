/** Which side's instances a list holds: the registry's, the mesh's, or both (decision 24). */

export const MODES = ['merge', 'xds-first', 'registry-first', 'off'] as const;
export type Mode = (typeof MODES)[number];

export type Choice = 'registry' | 'mesh' | 'both';

/** What is known of one side. Times are milliseconds of one monotonic clock. */
export interface Side {
  /** It has answered at least once. */
  readonly known: boolean;
  readonly size: number;
  /** Since when its answer has been empty. */
  readonly emptySince?: number;
  /** Since when it cannot be asked. */
  readonly downSince?: number;
}

/** A truthful empty is believed for this long before the other side stands in. */
export const EMPTY_MS = 30_000;
/** A side that is away for less is not away: istiod closes every stream about each half an hour. */
export const DOWN_MS = 5_000;

export function readMode(text: string): Mode | undefined {
  return MODES.find((mode) => mode === text);
}

export function choose(mode: Mode, registry: Side, mesh: Side, now: number): Choice {
  if (mode === 'merge') return 'both';
  if (mode === 'off') return 'registry';
  const [first, second]: readonly [Choice, Choice] =
    mode === 'xds-first' ? ['mesh', 'registry'] : ['registry', 'mesh'];
  const side = first === 'mesh' ? mesh : registry;
  const other = first === 'mesh' ? registry : mesh;
  if (isUsable(side, now)) return first;
  if (isUsable(other, now) && other.size > 0) return second;
  // Neither can be relied on: what was last heard of the preferred side, or else of the other.
  return side.size > 0 || other.size === 0 ? first : second;
}

/** Milliseconds until `choose` may answer differently although nothing was heard; Infinity = never. */
export function choiceHoldsFor(registry: Side, mesh: Side, now: number): number {
  let ms = Number.POSITIVE_INFINITY;
  for (const { emptySince, downSince } of [registry, mesh]) {
    if (emptySince !== undefined && now - emptySince < EMPTY_MS)
      ms = Math.min(ms, emptySince + EMPTY_MS - now);
    if (downSince !== undefined && now - downSince < DOWN_MS) ms = Math.min(ms, downSince + DOWN_MS - now);
  }
  return ms;
}

function isUsable({ known, size, emptySince, downSince }: Side, now: number): boolean {
  if (!known || (downSince !== undefined && now - downSince >= DOWN_MS)) return false;
  return size > 0 || emptySince === undefined || now - emptySince < EMPTY_MS;
}
