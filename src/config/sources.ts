/** Where each setting comes from, for `inmesh doctor`. */

import type { Definition } from './definition';
import { type Environment, read } from './load';
import { DEFINITIONS } from './registry';

export interface SettingSource {
  readonly name: string;
  /** As written by the user, or the default. */
  readonly value: string;
  readonly source: 'environment' | 'default';
  /** The variable it was read from: the name or an alias. */
  readonly variable?: string;
  /** Why the value cannot be used; the default counts. */
  readonly problem?: string;
}

/** Every setting, in the order of the table. */
export function settingSources(env: Environment = process.env): SettingSource[] {
  return Object.values(DEFINITIONS).map((definition: Definition) => {
    const { name, aliases = [] } = definition;
    const problems: string[] = [];
    read(definition, env, (problem) => problems.push(problem));
    const variable = [name, ...aliases].find((each) => (env[each] ?? '').trim() !== '');
    return {
      name,
      value: variable === undefined ? definition.default : (env[variable] ?? ''),
      source: variable === undefined ? 'default' : 'environment',
      ...(variable === undefined ? {} : { variable }),
      ...(problems.length === 0 ? {} : { problem: problems.join('; ') }),
    };
  });
}

/** Variables that look like ours and are not: mistyped, or of another version. */
export function unknownVariables(env: Environment = process.env): string[] {
  const known = new Set(
    Object.values(DEFINITIONS).flatMap((definition: Definition) => [
      definition.name,
      ...(definition.aliases ?? []),
    ]),
  );
  return Object.keys(env)
    .filter((name) => /^INMESH(_|$)/i.test(name) && !known.has(name))
    .sort();
}

/** What else of the environment decides whether the agent runs. */
export interface Surroundings {
  readonly nodeOptions: string;
  /** The process runs in a pod. */
  readonly kubernetes: boolean;
  /** For a child that is to start as the application does. */
  readonly environment: Environment;
}

/** `nodeOptions`: stands in for what the environment says. */
export function surroundings(nodeOptions?: string, env: Environment = process.env): Surroundings {
  return {
    nodeOptions: nodeOptions ?? env['NODE_OPTIONS'] ?? '',
    kubernetes: (env['KUBERNETES_SERVICE_HOST'] ?? '') !== '',
    environment: nodeOptions === undefined ? env : { ...env, NODE_OPTIONS: nodeOptions },
  };
}
