/** What the catalogue would serve, set by the test. */

import type { ServedContent, ServedEntry, ServedSnapshot } from '../../../src/bridge/model';

type Listener = (changed: ReadonlySet<string>, receivedAt: number) => void;

export class ScriptedContent implements ServedContent {
  snapshot: ServedSnapshot | undefined;
  readonly #listeners = new Set<Listener>();

  onChange(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Opens the gate, too. Entries that are absent are removed. */
  set(...entries: readonly ServedEntry[]): void {
    const before: ReadonlyMap<string, ServedEntry> = this.snapshot?.entries ?? new Map();
    const sorted = entries.map((entry) => [`${entry.namespace}/${entry.name}`, entry] as const);
    sorted.sort(([a], [b]) => (a < b ? -1 : 1));
    const after: ReadonlyMap<string, ServedEntry> = new Map(sorted);
    const changed = new Set(
      [...before.keys(), ...after.keys()].filter((name) => before.get(name) !== after.get(name)),
    );
    this.snapshot = { entries: after };
    const receivedAt = performance.now();
    for (const listener of this.#listeners) listener(changed, receivedAt);
  }
}

/** An HTTP service `<name>.default-group.public.nacos` with its instances at `addresses` (`ip:port`). */
export function servedEntry(
  name: string,
  addresses: readonly string[],
  more: Partial<ServedEntry> = {},
): ServedEntry {
  return {
    host: `${name}.default-group.public.nacos`,
    namespace: 'inmesh-registry',
    name,
    labels: {},
    annotations: {},
    addresses: ['240.9.0.1'],
    ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
    resolution: 'STATIC',
    location: 'MESH_INTERNAL',
    exportTo: ['*'],
    endpoints: addresses.map((each) => {
      const [address, port] = each.split(':') as [string, string];
      return {
        address,
        ports: { http: Number(port) },
        labels: { 'security.istio.io/tlsMode': 'disabled' },
        locality: '',
        weight: 1,
        network: '',
        serviceAccount: '',
      };
    }),
    from: [`nacos/public/DEFAULT_GROUP/${name}`],
    ...more,
  };
}
