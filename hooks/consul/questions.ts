import { AnswerList, type RegistryHub, type RegistryService, type Shape } from '../../src/registry';
import type { HookContext } from '../hook';
import { type ConsulRequest, catalogShape, healthShape, type Question } from './shapes';

/** What of a question does not choose among instances. */
const NEUTRAL = new Set(['index', 'wait', 'stale', 'consistent', 'near', 'passing', 'dc', 'token', 'wan']);

interface Watch {
  emit(event: string, ...values: unknown[]): boolean;
  isRunning?(): boolean;
}

/** A service as it is asked for, in this and later questions. */
interface Asked {
  readonly service: RegistryService;
  /** What the client's callback or promise is to get. */
  answered(
    request: ConsulRequest,
    error: unknown,
    values: readonly unknown[],
  ): readonly [error: unknown, ...values: unknown[]];
}

export interface Questions {
  /** undefined: none of ours, or one by tags or expressions that mesh instances cannot fulfil. */
  asked(baseUrl: string, question: Question): Asked | undefined;
}

export function questionsFor(hub: RegistryHub, context: HookContext): Questions {
  const lists = new Map<RegistryService, List>();
  return {
    asked(baseUrl, { name, params, query = {}, ctx }) {
      const isHealth = name === 'health.service';
      const service = params?.service;
      if ((!isHealth && name !== 'catalog.service.nodes') || typeof service !== 'string') return undefined;
      if (Object.keys(query).some((key) => !NEUTRAL.has(key))) return undefined;
      const dc = typeof query['dc'] === 'string' ? query['dc'] : undefined;
      const found = hub.service(
        { source: 'consul', service, ...(dc === undefined ? {} : { namespace: dc }) },
        `${baseUrl} ${name} ${query['passing'] ?? ''}`,
      );
      if (found === undefined) return undefined;
      let list = lists.get(found);
      if (list === undefined) {
        const naming = {
          service,
          datacenter: dc ?? '',
          metadata: (instance: Parameters<RegistryHub['metadata']>[0]) => hub.metadata(instance),
        };
        const shape = (isHealth ? healthShape(naming) : catalogShape(naming)) as Shape<unknown>;
        list = new List(found, shape, context);
        lists.set(found, list);
      }
      if (isWatch(ctx)) list.watchedBy(ctx);
      return list.asked(isWatch(ctx) ? ctx : undefined);
    },
  };
}

class List {
  readonly #watches = new Set<WeakRef<Watch>>();
  readonly #known = new WeakSet<Watch>();
  /** What each watch has got last, and the response it came with. */
  readonly #last = new WeakMap<Watch, { readonly response: unknown; keys: string }>();
  readonly #list: AnswerList<unknown>;

  constructor(
    readonly service: RegistryService,
    private readonly shape: Shape<unknown>,
    private readonly context: HookContext,
  ) {
    this.#list = new AnswerList(service, shape);
    service.onChange(() => this.#tellWatches());
  }

  watchedBy(watch: Watch): void {
    if (this.#known.has(watch)) return;
    this.#known.add(watch);
    this.#watches.add(new WeakRef(watch));
  }

  asked(watch: Watch | undefined): Asked {
    return {
      service: this.service,
      answered: (request, error, values) => this.#answered(request, error, values, watch),
    };
  }

  #answered(
    request: ConsulRequest,
    error: unknown,
    values: readonly unknown[],
    watch: Watch | undefined,
  ): readonly [unknown, ...unknown[]] {
    const body = request.res?.body;
    if (error || !Array.isArray(body)) return this.#failed(request, error, values, watch);
    const merged = this.#list.answered(body);
    if (watch !== undefined) this.#last.set(watch, { response: request.res, keys: this.#keys(merged) });
    const replaced = values.map((value) => {
      if (value === body) return merged;
      return Array.isArray(value) && value[1] === body ? [value[0], merged, ...value.slice(2)] : value;
    });
    return [error, ...replaced];
  }

  /** While the registry cannot be asked, a plain question gets what was last heard and what the mesh has. */
  #failed(
    request: ConsulRequest,
    error: unknown,
    values: readonly unknown[],
    watch: Watch | undefined,
  ): readonly [unknown, ...unknown[]] {
    const status = request.res?.statusCode ?? 0;
    if (!request.err || (status !== 0 && status < 500)) return [error, ...values];
    this.service.failed();
    if (watch !== undefined) return [error, ...values];
    const merged = this.#list.merged();
    return merged === this.#list.records ? [error, ...values] : [undefined, merged, request.res];
  }

  #keys(merged: readonly unknown[]): string {
    return merged.map((record) => `${this.shape.key(record)} ${this.shape.weight(record)}`).join();
  }

  /** A change of the mesh does not end a blocking question: the watch hears of it from here. */
  #tellWatches(): void {
    if (!this.context.enabled()) return;
    for (const reference of this.#watches) {
      const watch = reference.deref();
      if (watch === undefined || watch.isRunning?.() === false) {
        this.#watches.delete(reference);
        continue;
      }
      const last = this.#last.get(watch);
      if (last === undefined) continue;
      const merged = this.#list.merged();
      const keys = this.#keys(merged);
      if (keys === last.keys) continue;
      last.keys = keys;
      watch.emit('change', merged, last.response);
    }
  }
}

function isWatch(ctx: unknown): ctx is Watch {
  if (typeof ctx !== 'object' || ctx === null) return false;
  const { emit, _run } = ctx as { emit?: unknown; _run?: unknown };
  return typeof emit === 'function' && typeof _run === 'function';
}
