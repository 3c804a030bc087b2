/** `bridge.yaml` to a typed configuration, or to everything that is wrong with it. */

import { readFile } from 'node:fs/promises';
import { nearest, surroundings } from '../../config';
import { catalogueSourceSchema } from '../catalogue/config';
import { SOURCE_TYPES } from '../source';
import { shown } from './describe';
import { type ConfigDocument, type Environment, readDocument } from './document';
import type { ConfigProblem, Mistake } from './problem';
import { ruleMistakes } from './rules';
import { type BridgeConfig, looseSchema, type SourceConfig, sourceSchema } from './schema';
import { validator } from './validate';

export interface LoadedConfig {
  /** Absent: it cannot be used. */
  readonly config?: BridgeConfig;
  readonly problems: readonly ConfigProblem[];
}

/** Never rejects: a file that cannot be read is a problem. Variables are the process's. */
export async function loadConfig(file: string): Promise<LoadedConfig> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    return { problems: [{ file, line: 0, column: 0, path: '', message: unreadable(error) }] };
  }
  return parseConfig(file, text, surroundings().environment);
}

function unreadable(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such file',
    EACCES: 'this user may not read it',
    EISDIR: 'it is a folder; name the file in it',
  };
  return `cannot be read: ${reasons[code ?? ''] ?? message} (${code})`;
}

export function parseConfig(file: string, text: string, env: Environment): LoadedConfig {
  const { document, problems } = readDocument(file, text, env);
  if (!document) return { problems };
  const { config, mistakes } = validate(document);
  const all = [...problems, ...mistakes.map(document.locate)];
  all.sort((a, b) => a.line - b.line || a.column - b.column);
  return all.length === 0 && config ? { config, problems: all } : { problems: all };
}

const validateRoot = validator(looseSchema);
const SOURCE_VALIDATORS = new Map(SOURCE_TYPES.map((type) => [type.type, validator(sourceSchema(type))]));
/** Keys of a source that are not its own. */
const COMMON_KEYS = new Set(['convert', ...Object.keys(catalogueSourceSchema.properties)]);

function validate({ value }: ConfigDocument): { config?: BridgeConfig; mistakes: Mistake[] } {
  const mistakes = validateRoot(value, []);
  const root = value as { sources?: unknown };
  const sources = Array.isArray(root.sources) ? root.sources : [];
  sources.forEach((source, i) => {
    mistakes.push(...validateSource(source, i));
  });
  if (mistakes.length > 0) return { mistakes };
  const config = { ...(value as BridgeConfig), sources: sources.map(sourceConfig) };
  mistakes.push(...ruleMistakes(config));
  return { config, mistakes };
}

function validateSource(source: unknown, index: number): Mistake[] {
  const path = ['sources', index];
  if (typeof source !== 'object' || source === null || Array.isArray(source))
    return [{ path, message: `must be a mapping of keys, not ${shown(source, undefined)}` }];
  const { type } = source as { type?: unknown };
  const types = [...SOURCE_VALIDATORS.keys()];
  const validateThis = typeof type === 'string' ? SOURCE_VALIDATORS.get(type) : undefined;
  if (validateThis) return validateThis(source, path);
  if (type === undefined) {
    const like = Object.keys(source).find((key) => key !== 'name' && nearest(key, ['type']) !== undefined);
    const advice = like === undefined ? '' : `; is "${like}" meant to be it?`;
    return [{ path, message: `the key "type" is missing: one of ${types.join(', ')}${advice}` }];
  }
  const meant = typeof type === 'string' ? nearest(type, types) : undefined;
  const advice = meant === undefined ? '' : `; did you mean ${meant}?`;
  const message = `must be one of ${types.join(', ')}, not ${shown(type, undefined)}${advice}`;
  return [{ path: [...path, 'type'], message }];
}

function sourceConfig(source: Record<string, unknown>): SourceConfig {
  const own = Object.fromEntries(Object.entries(source).filter(([key]) => !COMMON_KEYS.has(key)));
  const common = Object.fromEntries(Object.entries(source).filter(([key]) => COMMON_KEYS.has(key)));
  return { ...common, type: source['type'], name: source['name'], own } as SourceConfig;
}
