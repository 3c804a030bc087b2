/** Small things of printing that the commands share. */

/** `1.5 s`, `250 ms`, `none` for 0. */
export function duration(ms: number): string {
  if (!Number.isFinite(ms)) return 'unlimited';
  if (ms === 0) return 'none';
  if (ms < 1000) return `${ms} ms`;
  if (ms < 120_000) return `${round(ms / 1000)} s`;
  return ms < 7_200_000 ? `${round(ms / 60_000)} min` : `${round(ms / 3_600_000)} h`;
}

export function limit(value: number): string {
  return Number.isFinite(value) && value < 2 ** 32 - 1 ? String(value) : 'unlimited';
}

/** At most one decimal. */
export function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Columns as wide as their widest cell; the last is not padded. */
export function table(rows: readonly (readonly string[])[], indent: string): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, at) => {
      widths[at] = Math.max(widths[at] ?? 0, cell.length);
    });
  }
  return rows.map((row) => {
    const cells = row.map((cell, at) => (at === row.length - 1 ? cell : cell.padEnd(widths[at] ?? 0)));
    return `${indent}${cells.join('  ')}`.trimEnd();
  });
}

/** JSON for machines; what has no limit is said in words, for JSON has no infinity. */
export function json(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) => (each === Infinity ? 'unlimited' : each), 2);
}

/** Values of a peer may hold control characters, which a terminal would obey. */
export function printable(text: string): string {
  return text.replace(/[^\P{Cc}\n]/gu, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
