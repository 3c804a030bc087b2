import { BroadcastChannel, threadId } from 'node:worker_threads';
import type { FeedListener, HostService, LinkState, MeshFeed } from '../model';
import type { Log } from '../observe';
import { clearInterval, setInterval } from '../observe/native';
import { FeedCache } from './feed-cache';
import { type Ask, askKey, type FeedMessage, type Scheme } from './protocol';
import { ALIVE_MS, LINK_CHANNEL, type ProxyRequest, proxyChannel } from './proxy-protocol';

/** The main thread may still be starting, or busy. */
const KNOCK_MS = 200;
const COMPLAIN_AFTER_KNOCKS = 25;

/** The link of an application's worker thread: asks the main thread's (decision 14). Never keeps the thread alive. */
export class LinkProxy implements MeshFeed {
  readonly #cache = new FeedCache();
  readonly #asks = new Map<string, Ask>();
  readonly #id = `${threadId}-${Date.now().toString(36)}`;
  #requests: BroadcastChannel | undefined;
  #answers: BroadcastChannel | undefined;
  #timer: NodeJS.Timeout | undefined;
  #knocks = 0;
  #answered = false;

  constructor(readonly log: Log) {}

  get state(): LinkState {
    return this.#cache.state;
  }

  start(): void {
    if (this.#requests !== undefined) return;
    this.#cache.setState('connecting', false);
    this.#requests = new BroadcastChannel(LINK_CHANNEL);
    this.#answers = new BroadcastChannel(proxyChannel(this.#id));
    this.#answers.onmessage = (event) => this.#receive((event as { data: FeedMessage }).data);
    for (const channel of [this.#requests, this.#answers]) (channel as unknown as { unref(): void }).unref();
    this.#knock(KNOCK_MS);
  }

  ask(scheme: Scheme, port: number, host: string): void {
    const ask: Ask = { scheme, port, host };
    const key = askKey(ask);
    if (this.#asks.has(key)) return;
    this.#asks.set(key, ask);
    this.#send({ type: 'ask', id: this.#id, ask });
  }

  answer(scheme: Scheme, port: number, host: string): HostService | null | undefined {
    return this.#cache.answer({ scheme, port, host });
  }

  listen(listener: FeedListener): void {
    this.#cache.listen(listener);
  }

  /** Says hello until somebody answers, then that it is still there. A main thread that forgot us hears all again. */
  #knock(everyMs: number): void {
    clearInterval(this.#timer);
    const hello = () => {
      this.#send({ type: 'alive', id: this.#id });
      if (everyMs !== KNOCK_MS) return;
      if (++this.#knocks === COMPLAIN_AFTER_KNOCKS) {
        const message =
          'the main thread does not answer this worker thread; its calls pass through until it does';
        this.log.line('warn', 'link.proxy', message);
        this.#cache.setState('down', false);
      }
      for (const ask of this.#asks.values()) this.#send({ type: 'ask', id: this.#id, ask });
    };
    hello();
    this.#timer = setInterval(hello, everyMs).unref();
  }

  #send(request: ProxyRequest): void {
    this.#requests?.postMessage(request);
  }

  #receive(message: FeedMessage): void {
    if (!this.#answered) {
      this.#answered = true;
      this.#knock(ALIVE_MS);
    }
    this.#cache.receive(message);
  }
}
