/** The catalogue as an operator sees it: which source said what, when, and what came of it. */
import { isServable } from '../convert';
import type { ServedEntry, SourceState } from '../model';
import type { SourceFacts } from './source-facts';

export interface SourceReport {
  readonly name: string;
  readonly type: string;
  readonly state: SourceState;
  readonly detail: string;
  /** Everything was reported since the last contact. */
  readonly synchronised: boolean;
  /** Milliseconds since the source was last heard of; undefined: never. */
  readonly silentMs: number | undefined;
  readonly services: number;
  readonly instances: number;
  /** Services that are served as they were before they emptied in a mass. */
  readonly frozen: number;
}

export interface ServiceReport {
  readonly source: string;
  readonly key: string;
  readonly hosts: readonly string[];
  readonly instances: number;
  /** Endpoints over all hosts. */
  readonly served: number;
  /** Why what is served is not what the registry says now. */
  readonly standing: 'current' | 'frozen' | 'from disk' | 'kept while out of touch';
  /** Milliseconds since the registry last changed it. */
  readonly unchangedMs: number;
}

export function sourceReport(name: string, type: string, facts: SourceFacts, now: number): SourceReport {
  let instances = 0;
  for (const { effective } of facts.facts.values())
    instances += effective.instances.filter(isServable).length;
  const { state, detail, isSynchronised, heardAt, frozen } = facts;
  return {
    name,
    type,
    state,
    detail,
    synchronised: isSynchronised,
    silentMs: heardAt === undefined ? undefined : now - heardAt,
    services: facts.facts.size,
    instances,
    frozen: frozen.size,
  };
}

export function* serviceReports(
  sources: ReadonlyMap<string, SourceFacts>,
  now: number,
  entriesOf: (source: string, key: string) => readonly ServedEntry[],
): Iterable<ServiceReport> {
  for (const [source, facts] of sources)
    for (const [key, { actual, effective, fromDisk, since }] of facts.facts) {
      const entries = entriesOf(source, key);
      const kept = facts.frozen.has(key) ? 'frozen' : 'kept while out of touch';
      yield {
        source,
        key,
        hosts: entries.map(({ host }) => host),
        instances: effective.instances.length,
        served: entries.reduce((sum, { endpoints }) => sum + endpoints.length, 0),
        standing: fromDisk ? 'from disk' : actual === effective ? 'current' : kept,
        unchangedMs: now - since,
      };
    }
}
