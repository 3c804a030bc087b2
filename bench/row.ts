/** One line of the bench's table. */
export interface Row {
  readonly what: string;
  readonly measured: string;
  /** The budget of the design, or empty for a figure that is only reported. */
  readonly budget: string;
  /** undefined: reported, not judged. */
  readonly within?: boolean;
}

/** A benchmark; `skipped` says what the machine lacks. */
export interface Bench {
  readonly name: string;
  run(): Promise<readonly Row[] | { readonly skipped: string }>;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
