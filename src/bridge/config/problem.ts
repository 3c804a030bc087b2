/** What is wrong in `bridge.yaml`, for the person who wrote it. */

/** Keys and indexes from the root. */
export type KeyPath = readonly (string | number)[];

/** A mistake before its place in the file is known. */
export interface Mistake {
  readonly path: KeyPath;
  /** One sentence without the path: "must be a whole number, not the text "soon"". */
  readonly message: string;
  /** The place is the key itself (an unknown one), not its value. */
  readonly atKey?: boolean;
}

export interface ConfigProblem {
  readonly file: string;
  /** From 1; 0 if the problem is the file as a whole. */
  readonly line: number;
  readonly column: number;
  /** `sources[0].namespaces`; empty for the whole. */
  readonly path: string;
  readonly message: string;
}

export function pathText(path: KeyPath): string {
  return path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : text === '' ? part : `${text}.${part}`),
    '',
  );
}

/** `bridge.yaml:7:5: sources[0].namespaces: must be …` */
export function formatConfigProblem({ file, line, column, path, message }: ConfigProblem): string {
  const place = line > 0 ? `${file}:${line}:${column}` : file;
  return path === '' ? `${place}: ${message}` : `${place}: ${path}: ${message}`;
}
