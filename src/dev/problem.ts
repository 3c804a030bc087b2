/** What is wrong in the folder, for a person: where, what, and what to do. */

export interface Position {
  /** As given to the reader; for a folder, the path inside it. */
  readonly file: string;
  /** From 1; 0 = no position (an object given as a value). */
  readonly line: number;
  readonly column: number;
}

export interface Problem extends Position {
  /** An error keeps the whole change out; a warning is shown and the change applies. */
  readonly severity: 'error' | 'warning';
  /** `kind namespace/name`, if the reader got that far. */
  readonly object?: string;
  /** What is wrong, as a sentence without full stop. */
  readonly message: string;
  /** What to do about it. */
  readonly advice: string;
}

/** `mesh/routes.yaml:12:9: error: VirtualService shop/reviews: …; do this`. */
export function formatProblem(problem: Problem): string {
  const where = problem.line > 0 ? `${problem.file}:${problem.line}:${problem.column}` : problem.file;
  const object = problem.object ? `${problem.object}: ` : '';
  return `${where}: ${problem.severity}: ${object}${problem.message}; ${problem.advice}`;
}
