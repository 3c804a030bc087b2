/** The request head as bytes: what Node rendered, with the changes of one attempt. Body framing is never touched. */

import type { HeaderEdit } from '../../src/call';

/** Lines that say how the body is framed, or that belong to one connection. Rules cannot change them. */
const FRAMING = new Set([
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'upgrade',
  'trailer',
  'te',
  'expect',
]);

/** What is known of the head that Node rendered. */
export interface HeadSource {
  readonly method: string;
  /** The target as it stands in the head. */
  readonly ownPath: string;
  /** The application said something about its connection, or it cannot be told. */
  readonly hopByHop: boolean;
  /** True when no line of that (lower-case) name is there. */
  lacks(name: string): boolean;
}

/** What one attempt changes. */
export interface HeadChanges {
  readonly path: string;
  readonly authority?: string;
  readonly edits: readonly HeaderEdit[];
}

/** `head`: as Node rendered it, request line to empty line. */
export function renderHead(head: string, source: HeadSource, changes: HeadChanges): string {
  const { edits, authority } = changes;
  if (authority !== undefined || source.hopByHop) return renderLines(head, source, changes);
  let lines = '';
  let ruled = 0;
  for (let i = 0; i < edits.length; i++) {
    const edit = edits[i]!;
    if (edit.line !== undefined && source.lacks(edit.name)) {
      lines += edit.line;
      continue;
    }
    ruled++;
    const name = edit.name.toLowerCase();
    const lacking = source.lacks(name);
    if (edit.op === 'remove' && lacking) continue;
    if (!lacking || FRAMING.has(name)) return renderLines(head, source, changes);
    if (isSafe(edit.name) && isSafe(edit.value!)) lines += `${edit.name}: ${edit.value}\r\n`;
  }
  // Twice the same name in the edits, the second a `set`: the rare case is told by the slow way.
  if (ruled > 0 && edits.length > 1 && hasRepeatedSet(edits)) return renderLines(head, source, changes);
  if (changes.path === source.ownPath) return `${head.slice(0, -2)}${lines}\r\n`;
  return `${requestLine(head, source, changes)}${head.slice(head.indexOf('\r\n'), -2)}${lines}\r\n`;
}

function requestLine(head: string, source: HeadSource, changes: HeadChanges): string {
  const end = head.indexOf('\r\n');
  if (changes.path === source.ownPath || !isSafe(changes.path)) return head.slice(0, end);
  return `${source.method} ${changes.path} HTTP/1.1`;
}

function hasRepeatedSet(edits: readonly HeaderEdit[]): boolean {
  for (let i = 1; i < edits.length; i++) {
    if (edits[i]!.op !== 'set') continue;
    const name = edits[i]!.name.toLowerCase();
    for (let j = 0; j < i; j++) if (edits[j]!.name.toLowerCase() === name) return true;
  }
  return false;
}

/** Line by line, in the application's order and case. */
function renderLines(head: string, source: HeadSource, changes: HeadChanges): string {
  const lines = head.slice(0, -4).split('\r\n');
  lines[0] = requestLine(head, source, changes);
  if (source.hopByHop) ownConnection(lines);
  if (changes.authority !== undefined && isSafe(changes.authority)) setLine(lines, 'Host', changes.authority);
  for (const edit of changes.edits) {
    const name = edit.name.toLowerCase();
    if (FRAMING.has(name) || !isSafe(edit.name)) continue;
    if (edit.op === 'remove') removeLines(lines, name);
    else if (isSafe(edit.value!)) {
      if (edit.op === 'set') setLine(lines, edit.name, edit.value!);
      else lines.push(`${edit.name}: ${edit.value}`);
    }
  }
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** `connection` speaks about the application's own connection, which there is none of; an upgrade passes. */
function ownConnection(lines: string[]): void {
  const upgrades = lines.some((line) => nameOf(line) === 'connection' && /upgrade/i.test(line));
  if (upgrades) return;
  removeLines(lines, 'connection');
  removeLines(lines, 'keep-alive');
  removeLines(lines, 'proxy-connection');
  lines.push('Connection: keep-alive');
}

/** Replaces the first line of that name in place and removes the others; appends it when there is none. */
function setLine(lines: string[], name: string, value: string): void {
  const lower = name.toLowerCase();
  const at = lines.findIndex((line, i) => i > 0 && nameOf(line) === lower);
  if (at < 0) {
    lines.push(`${name}: ${value}`);
    return;
  }
  lines[at] = `${lines[at]!.slice(0, lines[at]!.indexOf(':'))}: ${value}`;
  for (let i = lines.length - 1; i > at; i--) if (nameOf(lines[i]!) === lower) lines.splice(i, 1);
}

function removeLines(lines: string[], name: string): void {
  for (let i = lines.length - 1; i > 0; i--) if (nameOf(lines[i]!) === name) lines.splice(i, 1);
}

function nameOf(line: string): string {
  return line.slice(0, line.indexOf(':')).toLowerCase();
}

/** A value from a rule never ends a line. */
function isSafe(value: string): boolean {
  return !value.includes('\n') && !value.includes('\r');
}

/** The lines of a rendered head by lower-case name. */
export function parseHead(head: string): Map<string, string | string[]> {
  const headers = new Map<string, string | string[]>();
  const lines = head.split('\r\n');
  for (let i = 1; i < lines.length; i++) {
    const line = lines[i]!;
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    const before = headers.get(name);
    if (before === undefined) headers.set(name, value);
    else if (typeof before === 'string') headers.set(name, [before, value]);
    else before.push(value);
  }
  return headers;
}
