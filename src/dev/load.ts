/** Files or plain objects to a checked set of objects, or the reasons why not. */

import { checkObjects } from './check';
import type { Problem } from './problem';
import { type IstioObject, readIstioObject } from './read/object';
import type { Reader } from './read/schema';
import { readObject, readYaml, type SourceDocument, type SourceFile } from './read/source';

export interface Loaded {
  readonly objects: readonly IstioObject[];
  /** In the order of files and lines. With an error among them, `objects` must not be used. */
  readonly problems: readonly Problem[];
  readonly ok: boolean;
}

/** `files`: text by path. */
export function parseFiles(files: ReadonlyMap<string, string>): SourceFile {
  const documents: SourceDocument[] = [];
  const problems: Problem[] = [];
  for (const [file, text] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const source = readYaml(file, text);
    documents.push(...source.documents);
    problems.push(...source.problems);
  }
  return { documents, problems };
}

/** Objects of Istio's API as plain values. */
export function parseObjects(objects: readonly unknown[]): SourceFile {
  return {
    documents: objects.flatMap((each, index) => readObject(`objects[${index}]`, each) ?? []),
    problems: [],
  };
}

/** `further`: objects from elsewhere, each checked by itself; one that bears the name of another object gives way. */
export function load(own: SourceFile, further: readonly IstioObject[] = []): Loaded {
  const objects: IstioObject[] = [];
  const readers: Reader[] = [];
  for (const document of own.documents) {
    const { object, reader } = readIstioObject(document);
    readers.push(reader);
    if (object) objects.push(object);
  }
  const others = unlike(objects, further);
  const readable = readers.every((reader) =>
    reader.problems.every((problem) => problem.severity !== 'error'),
  );
  // References are only judged when everything could be read: what is missing may stand in a broken object.
  if (readable && own.problems.length === 0) checkObjects(objects, others);
  const problems = [...own.problems, ...readers.flatMap((reader) => reader.problems)];
  problems.sort((a, b) => compareText(a.file, b.file) || a.line - b.line || a.column - b.column);
  const all = [...objects, ...others];
  return { objects: all, problems, ok: problems.every((problem) => problem.severity !== 'error') };
}

/** Those of `further` whose name nobody before them has. */
function unlike(objects: readonly IstioObject[], further: readonly IstioObject[]): IstioObject[] {
  const names = new Set(objects.map(nameOf));
  return further.filter((object) => {
    const name = nameOf(object);
    if (names.has(name)) return false;
    names.add(name);
    return true;
  });
}

function nameOf({ kind, namespace, name }: IstioObject): string {
  return `${kind} ${namespace}/${name}`;
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
