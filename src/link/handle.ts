import cluster from 'node:cluster';
import type { Settings } from '../config';
import type { FeedListener, HostService, LinkState, MeshFeed, UnsupportedField } from '../model';
import type { Log } from '../observe';
import { FeedCache } from './feed-cache';
import { type Ask, askKey, type Scheme, type WorkerMessage } from './protocol';
import { ProxyServer } from './proxy-server';
import { WorkerThread } from './worker-thread';

export interface LinkHandleOptions {
  readonly settings: Settings;
  /** Absolute path of the bundled worker (`dist/link-worker.js`). */
  readonly workerFile: string;
  readonly log: Log;
}

/** The link as the main thread has it. */
export interface LinkFeed extends MeshFeed {
  /** What of the resources in use is not done, and what was refused. */
  unsupported(): readonly UnsupportedField[];
  /** Ends the worker thread for good; what is known stays. A process that ends need not call it. */
  stop(): Promise<void>;
}

/** As many hosts that are not ours as the worker remembers, twice over. */
const MOST_ASKS = 20_000;

export class LinkHandle implements LinkFeed {
  readonly #cache = new FeedCache();
  readonly #asks = new Map<string, Ask>();
  readonly #thread: WorkerThread;
  readonly #proxies: ProxyServer;
  #started = false;
  #unsupported: readonly UnsupportedField[] = [];

  constructor(readonly options: LinkHandleOptions) {
    const { settings, workerFile, log } = options;
    this.#thread = new WorkerThread({
      file: workerFile,
      memoryMb: settings.workerMemoryMb,
      log,
      start: () => ({
        settings,
        nodeName: nodeName(settings.identity.podName),
        asks: [...this.#asks.values()],
        clusters: this.#cache.clusterNames,
      }),
      message: (message) => this.#receive(message),
      down: () => this.#cache.setState('down', false),
    });
    this.#proxies = new ProxyServer(this);
  }

  get state(): LinkState {
    return this.#cache.state;
  }

  start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#cache.setState('connecting', false);
    this.#thread.start();
  }

  ask(scheme: Scheme, port: number, host: string): void {
    const ask: Ask = { scheme, port, host };
    const key = askKey(ask);
    if (this.#asks.has(key)) return;
    this.#asks.set(key, ask);
    if (this.#asks.size > MOST_ASKS) this.#forgetOldest();
    if (this.#started) this.#thread.post({ type: 'ask', ask });
  }

  answer(scheme: Scheme, port: number, host: string): HostService | null | undefined {
    return this.#cache.answer({ scheme, port, host });
  }

  listen(listener: FeedListener): void {
    this.#cache.listen(listener);
  }

  unlisten(listener: FeedListener): void {
    this.#cache.unlisten(listener);
  }

  async stop(): Promise<void> {
    this.#proxies.close();
    await this.#thread.stop();
  }

  unsupported(): readonly UnsupportedField[] {
    return this.#unsupported;
  }

  /** The oldest host that is not ours: the worker lets go of those too. */
  #forgetOldest(): void {
    for (const [key, ask] of this.#asks) {
      if (this.#cache.answer(ask)) continue;
      this.#asks.delete(key);
      this.#cache.forget(ask);
      return;
    }
  }

  #receive(message: WorkerMessage): void {
    switch (message.type) {
      case 'unsupported':
        this.#setUnsupported(message.fields);
        return;
      case 'log':
        this.options.log.line(message.level, message.event, message.message, message.fields, message.key);
        return;
      default:
        this.#cache.receive(message);
        if (message.type === 'batch') this.#thread.post({ type: 'batch-read' });
    }
  }

  #setUnsupported(fields: readonly UnsupportedField[]): void {
    this.#unsupported = fields;
    if (fields.length === 0) return;
    const { resourceType, resource, field, effect } = fields[0]!;
    const what = field === '' ? `${resourceType} ${resource}` : `${resourceType} ${resource}: ${field}`;
    const more = fields.length > 1 ? ` (and ${fields.length - 1} more)` : '';
    this.options.log.line('warn', 'mesh.unsupported', `${what}: ${effect}${more}`, { count: fields.length });
  }
}

/** Children of `node:cluster` are nodes of their own (decision 14). */
function nodeName(podName: string): string {
  return cluster.isWorker ? `${podName}-${process.pid}` : podName;
}
