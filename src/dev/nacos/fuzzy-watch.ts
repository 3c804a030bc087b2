/** FuzzyWatch of Nacos 3: which services match a pattern, told at the start in batches, then one by one. */

import { ERROR, FUZZY } from '../../nacos';
import type { Change, ServiceId, ServiceStore } from './store';

const BATCH = 10;
const MOST_PATTERNS = 20;

/** Sends a request of the server to one client. */
export type Notify = (type: string, body: Readonly<Record<string, unknown>>) => void;

export interface FuzzyWatchOptions {
  readonly store: ServiceStore;
  /** Between the request and the first batch. */
  readonly delayMs: number;
  /** Services per pattern; more are not told. Nacos has 500. */
  readonly mostServices: number;
}

interface Watch {
  readonly pattern: string;
  readonly matches: (service: ServiceId) => boolean;
  readonly notify: Notify;
  readonly told: Set<string>;
}

export class FuzzyWatches {
  /** By client, then by pattern. */
  readonly #watches = new Map<unknown, Map<string, Watch>>();
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(readonly options: FuzzyWatchOptions) {
    options.store.onChange((service, change) => this.#changed(service, change));
  }

  /** The error code, 0 when the watch stands. */
  watch(client: unknown, pattern: string, notify: Notify): number {
    const own = this.#watches.get(client) ?? new Map<string, Watch>();
    this.#watches.set(client, own);
    const all = new Set([...this.#watches.values()].flatMap((each) => [...each.keys()]));
    if (!all.has(pattern) && all.size >= MOST_PATTERNS) return ERROR.FUZZY_TOO_MANY_PATTERNS;
    const watch: Watch = { pattern, matches: matcher(pattern), notify, told: new Set() };
    own.set(pattern, watch);
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      if (own.get(pattern) === watch) this.#initialise(watch);
    }, this.options.delayMs);
    this.#timers.add(timer);
    const tooMany = this.#matching(watch).length > this.options.mostServices;
    return tooMany ? ERROR.FUZZY_TOO_MANY_SERVICES : 0;
  }

  cancel(client: unknown, pattern: string): void {
    this.#watches.get(client)?.delete(pattern);
  }

  cancelAll(client: unknown): void {
    this.#watches.delete(client);
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#watches.clear();
  }

  #matching({ matches, pattern }: Watch): ServiceId[] {
    const { store } = this.options;
    return store.services(pattern.split('>>')[0] ?? '').filter((id) => matches(id) && store.has(id));
  }

  #initialise(watch: Watch): void {
    const keys = this.#matching(watch).map(keyOf).slice(0, this.options.mostServices);
    const untold = keys.filter((key) => !watch.told.has(key));
    const batches = Math.ceil(untold.length / BATCH);
    for (let batch = 0; batch < batches; batch++) {
      const contexts = untold
        .slice(batch * BATCH, (batch + 1) * BATCH)
        .map((serviceKey) => ({ serviceKey, changedType: FUZZY.ADD }));
      this.#sync(watch, FUZZY.INIT, contexts, batches, batch + 1);
    }
    for (const key of untold) watch.told.add(key);
    this.#sync(watch, FUZZY.FINISH, [], 1, 1);
  }

  #sync(watch: Watch, syncType: string, contexts: unknown[], totalBatch: number, currentBatch: number): void {
    const { pattern: groupKeyPattern, notify } = watch;
    notify('NamingFuzzyWatchSyncRequest', { syncType, groupKeyPattern, contexts, totalBatch, currentBatch });
  }

  #changed(service: ServiceId, change: Change): void {
    if (change === 'changed') return;
    const serviceKey = keyOf(service);
    const added = change === 'appeared';
    for (const watch of [...this.#watches.values()].flatMap((own) => [...own.values()])) {
      if (!watch.matches(service) || watch.told.has(serviceKey) === added) continue;
      if (added && watch.told.size >= this.options.mostServices) continue;
      if (added) watch.told.add(serviceKey);
      else watch.told.delete(serviceKey);
      watch.notify('NamingFuzzyWatchChangeNotifyRequest', {
        syncType: FUZZY.CHANGE,
        serviceKey,
        changedType: added ? FUZZY.ADD : FUZZY.DELETE,
      });
    }
  }
}

function keyOf({ namespace, group, name }: ServiceId): string {
  return `${namespace}@@${group}@@${name}`;
}

/** `namespace>>group>>service`; the namespace exact, the others with `*` at their ends. */
function matcher(pattern: string): (service: ServiceId) => boolean {
  const [namespace = '', group = '', name = ''] = pattern.split('>>');
  const groupFits = wildcard(group);
  const nameFits = wildcard(name);
  return (id) => id.namespace === namespace && groupFits(id.group) && nameFits(id.name);
}

function wildcard(pattern: string): (text: string) => boolean {
  const escaped = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const expression = new RegExp(`^${escaped.join('.*')}$`, 's');
  return (text) => expression.test(text);
}
