import type { Istiod } from '../../../lab';
import type { ServedEntryPage } from './bridge-process';

type Spec = Readonly<Record<string, unknown>>;

interface Listed {
  readonly kind: string;
  readonly metadata: { readonly namespace: string; readonly name: string; readonly labels?: Spec };
  readonly spec: Spec;
}

/** The ServiceEntries that a real istiod has taken into its store, `namespace/name` to what it holds. */
export async function storedEntries(istiod: Istiod): Promise<ReadonlyMap<string, Spec>> {
  const all = JSON.parse(await istiod.debug('/debug/configz')) as readonly Listed[];
  const entries = all.filter(({ kind }) => kind === 'ServiceEntry');
  return new Map(
    entries.map(({ metadata, spec }) => [
      `${metadata.namespace}/${metadata.name}`,
      sorted({ ...spec, labels: metadata.labels ?? {} }),
    ]),
  );
}

/** What is served, in istiod's own words: the same as `storedEntries` when istiod took all of it. */
export function asStored(entries: Iterable<ServedEntryPage>): ReadonlyMap<string, Spec> {
  return new Map([...entries].map((entry) => [`${entry.namespace}/${entry.name}`, sorted(specOf(entry))]));
}

function specOf(entry: ServedEntryPage): Spec {
  const { host, addresses, ports, location, resolution, exportTo, endpoints, labels } = entry;
  return {
    hosts: [host],
    addresses,
    ports: ports.map(({ number, protocol, name }) => ({ number, protocol, name })),
    location,
    resolution,
    exportTo,
    endpoints: endpoints.map((endpoint) => withoutEmpty(endpoint)),
    labels,
  };
}

/** JSON of protobuf leaves out what is empty. */
function withoutEmpty(value: object): Spec {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== '' && !isEmptyObject(each)));
}

function isEmptyObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

/** Plain data with its keys in order, without empty parts at the top. */
function sorted(value: Spec): Spec {
  return order(JSON.parse(JSON.stringify(withoutEmpty(value)))) as Spec;
}

function order(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(order);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, each]) => [key, order(each)]));
}
