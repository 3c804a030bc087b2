/** Services of several sources that become one: those that are named, and those of one name. */

import type { RegistryService } from '../model';
import type { ConvertConfig } from './config';
import { ConvertConfigError } from './error';
import { anyGlob, type Glob } from './glob';
import { hostName } from './names';
import type { Protocol } from './protocol';

/** A `merge`, or a `joinKubernetes` with its namespace. */
export interface Union {
  readonly key: string;
  readonly host: string;
  readonly join?: {
    readonly namespace: string;
    readonly portNames: Readonly<Partial<Record<Protocol, string>>>;
  };
}

interface Pattern {
  readonly host: string;
  readonly matches: Glob;
}

const SERVICE = '{service}';

export class Unions {
  /** By `source/name` and `source/key`. */
  private readonly named = new Map<string, Union>();
  private readonly patterns: readonly Pattern[];

  /** Throws ConvertConfigError for a service that is named twice. */
  constructor({ merge, joinKubernetes }: Pick<ConvertConfig, 'merge' | 'joinKubernetes'>) {
    for (const { host, from } of merge)
      if (!host.includes(SERVICE)) this.add({ key: `merge/${host}`, host }, 'merge', from);
    for (const { host, from, namespace, portNames } of joinKubernetes)
      this.add({ key: `join/${host}`, host, join: { namespace, portNames } }, 'joinKubernetes', from);
    this.patterns = merge
      .filter(({ host }) => host.includes(SERVICE))
      .map(({ host, from }) => ({ host, matches: anyGlob(from) }));
  }

  /** The union that a service of a source is part of, or undefined. One that names it comes before patterns. */
  of(source: string, { key, name }: RegistryService): Union | undefined {
    const [byKey, byName] = [`${source}/${key}`, `${source}/${name}`];
    const named = this.named.get(byKey) ?? this.named.get(byName);
    if (named) return named;
    const pattern = this.patterns.find(({ matches }) => matches(byKey) || matches(byName));
    if (!pattern) return undefined;
    const host = hostName(pattern.host.replaceAll(SERVICE, name), { keepCase: false });
    return { key: `merge/${host}`, host };
  }

  private add(union: Union, path: string, from: readonly string[]): void {
    for (const each of from) {
      const other = this.named.get(each);
      if (other)
        throw new ConvertConfigError(
          `\`${each}\` is part of ${other.host} and of ${union.host}; leave it in one`,
          [path],
        );
      this.named.set(each, union);
    }
  }
}
