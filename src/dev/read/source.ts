/**
 * YAML text to nodes that know their place. istiod reads YAML 1.1 (`n`, `yes`, `off` are booleans), so this
 * does too: what is refused there must be refused here.
 */

import {
  type Document,
  isAlias,
  isNode,
  isScalar,
  LineCounter,
  type Node,
  parseAllDocuments,
  type Tags,
  Document as YamlDocument,
} from 'yaml';
import type { Position, Problem } from '../problem';

/** One YAML document: its root node and where it came from. */
export interface SourceDocument {
  readonly root: Node;
  /** Milliseconds since the epoch, where the object has a creation time: of two with one host the older counts. */
  readonly created?: number;
  position(node: Node | null | undefined): Position;
  /** What an alias stands for; any other node itself. */
  resolve(node: unknown): Node | undefined;
}

export interface SourceFile {
  readonly documents: readonly SourceDocument[];
  readonly problems: readonly Problem[];
}

/** Go's reader has neither base-60 numbers nor dates as values of their own. */
function goTags(tags: Tags): Tags {
  return tags.filter(
    (tag) => typeof tag === 'string' || (tag.format !== 'TIME' && tag.tag !== 'tag:yaml.org,2002:timestamp'),
  );
}

export function readYaml(file: string, text: string): SourceFile {
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, {
    version: '1.1',
    schema: 'yaml-1.1',
    customTags: goTags,
    merge: true,
    lineCounter: lines,
    prettyErrors: false,
    keepSourceTokens: false,
  });
  const documents: SourceDocument[] = [];
  const problems: Problem[] = [];
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col };
  };
  for (const document of Array.isArray(parsed) ? parsed : []) {
    for (const error of document.errors) {
      problems.push({
        ...at(error.pos[0]),
        severity: 'error',
        message: `not valid YAML: ${error.message}`,
        advice: 'correct the YAML syntax here (or in the line before)',
      });
    }
    const root = document.contents;
    if (document.errors.length > 0 || !isNode(root) || (isScalar(root) && root.value === null)) continue;
    documents.push(sourceDocument(document as Document, root, (node) => at(node?.range?.[0] ?? 0)));
  }
  return { documents, problems };
}

/** A plain object as if it had been read from `file`. */
export function readObject(file: string, value: unknown): SourceDocument | undefined {
  const document = new YamlDocument(value, { version: '1.1' });
  const root = document.contents;
  if (!isNode(root)) return undefined;
  return sourceDocument(document as Document, root, () => ({ file, line: 0, column: 0 }));
}

function sourceDocument(
  document: Document,
  root: Node,
  position: SourceDocument['position'],
): SourceDocument {
  return {
    root,
    position,
    resolve: (node) => {
      if (isAlias(node)) return node.resolve(document) ?? undefined;
      return isNode(node) ? node : undefined;
    },
  };
}
