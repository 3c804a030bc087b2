/**
 * Header changes of rules. Levels are applied one after the other, most specific first (destination, route, virtual
 * host), so that a later level's `set` wins: Envoy's default order. In a level: removals, then `set`, then `add`.
 */

import type { HeaderAppendAction, HeaderOperations } from '../../model';
import type { HeaderEdit } from '../request';
import { compileFormat, type Format, type FormatSource } from './format';

interface Change {
  readonly name: string;
  readonly value: string | Format;
  readonly action: HeaderAppendAction;
  readonly keepEmptyValue: boolean;
}

interface Level {
  readonly removals: readonly HeaderEdit[];
  readonly changes: readonly Change[];
}

const NO_EDITS: readonly HeaderEdit[] = [];

/** The header to look at while values are made: the message's lines with the edits so far. */
export interface HeaderSource extends FormatSource {
  /** Whether the message had this header before any edit. */
  has(name: string): boolean;
}

export class HeaderProgram {
  /** The edits when they are the same for every message; undefined when they depend on it. */
  readonly constant: readonly HeaderEdit[] | undefined;

  constructor(private readonly levels: readonly Level[]) {
    this.constant = levels.every(isConstant) ? levels.flatMap(constantEdits) : undefined;
    if (this.constant?.length === 0) this.constant = NO_EDITS;
  }

  /** Appends this program's edits to `edits`. */
  apply(source: HeaderSource, edits: HeaderEdit[]): void {
    if (this.constant !== undefined) {
      for (const edit of this.constant) edits.push(edit);
      return;
    }
    for (const level of this.levels) applyLevel(level, source, edits);
  }
}

const EMPTY = new HeaderProgram([]);

/** `Host` and pseudo headers cannot be changed this way (istiod makes them rewrites). */
export function compileHeaderOperations(levels: readonly HeaderOperations[]): HeaderProgram {
  const used = levels.filter((level) => level.remove.length > 0 || level.add.length > 0);
  if (used.length === 0) return EMPTY;
  return new HeaderProgram(
    used.map((level) => ({
      removals: level.remove.filter(isChangeable).map((name) => ({ op: 'remove', name })),
      changes: level.add
        .filter((option) => isChangeable(option.name))
        .map((option) => ({ ...option, value: compileFormat(option.value) })),
    })),
  );
}

function isChangeable(name: string): boolean {
  return name !== '' && !name.startsWith(':') && name.toLowerCase() !== 'host';
}

function isConstant(level: Level): boolean {
  return level.changes.every(
    ({ value, action }) =>
      typeof value === 'string' &&
      (action === 'append-if-exists-or-add' || action === 'overwrite-if-exists-or-add'),
  );
}

function constantEdits(level: Level): readonly HeaderEdit[] {
  const sets: HeaderEdit[] = [];
  const adds: HeaderEdit[] = [];
  for (const { name, value, action, keepEmptyValue } of level.changes) {
    if (value === '' && !keepEmptyValue) continue;
    if (action === 'append-if-exists-or-add') adds.push({ op: 'add', name, value: value as string });
    else sets.push({ op: 'set', name, value: value as string });
  }
  return [...level.removals, ...sets, ...adds];
}

/** All values are made from the message as it was before this level's own additions, as Envoy does. */
function applyLevel(level: Level, source: HeaderSource, edits: HeaderEdit[]): void {
  for (const removal of level.removals) edits.push(removal);
  const seen = edits.length;
  const adds: HeaderEdit[] = [];
  const sets: HeaderEdit[] = [];
  for (const { name, value, action, keepEmptyValue } of level.changes) {
    const text = typeof value === 'string' ? value : value.evaluate(source);
    if (text === '' && !keepEmptyValue) continue;
    if (action === 'append-if-exists-or-add') adds.push({ op: 'add', name, value: text });
    else if (action === 'overwrite-if-exists-or-add') sets.push({ op: 'set', name, value: text });
    else if (exists(name.toLowerCase(), source, edits, seen) === (action === 'overwrite-if-exists')) {
      sets.push({ op: 'set', name, value: text });
    }
  }
  edits.push(...sets, ...adds);
}

function exists(name: string, source: HeaderSource, edits: readonly HeaderEdit[], seen: number): boolean {
  for (let i = seen - 1; i >= 0; i--) {
    const edit = edits[i] as HeaderEdit;
    if (edit.name.toLowerCase() === name) return edit.op !== 'remove';
  }
  return source.has(name);
}

/** The first value of a header after `edits`; `original` is its first line before them. */
export function valueAfter(
  name: string,
  original: string | undefined,
  edits: readonly HeaderEdit[],
): string | undefined {
  let value = original;
  for (const edit of edits) {
    if (edit.name.toLowerCase() !== name) continue;
    if (edit.op === 'remove') value = undefined;
    else if (edit.op === 'set' || value === undefined) value = edit.value;
  }
  return value;
}

/** Applies edits to a list of lower-case header lines. */
export function editLines(
  lines: readonly (readonly [string, string])[],
  edits: readonly HeaderEdit[],
): readonly (readonly [string, string])[] {
  let result = lines;
  for (const { op, name, value } of edits) {
    const lower = name.toLowerCase();
    if (op !== 'add') result = result.filter(([other]) => other !== lower);
    if (op !== 'remove') result = [...result, [lower, value ?? '']];
  }
  return result;
}
