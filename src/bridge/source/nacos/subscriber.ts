/** The subscriptions of one session: a few under way at once, each tried until it is answered or the session is over. */

import type { ServiceInfo, SubscribeResponse } from '../../../nacos';
import { NacosFailure, type Session } from '../../nacos';
import type { ServiceName } from './lister';

const RETRY_MS = 1_000;

export interface SubscriberOptions {
  readonly session: Session;
  readonly namespace: string;
  readonly concurrency: number;
  /** The state of the service at the time of the subscription. */
  readonly answered: (service: ServiceName, info: ServiceInfo) => void;
  /** The server will not let us: it is tried again when the service is asked for again. */
  readonly refused: (service: ServiceName, failure: NacosFailure) => void;
}

export class Subscriber {
  readonly #subscribed = new Map<string, Promise<void>>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(readonly options: SubscriberOptions) {}

  has({ group, name }: ServiceName): boolean {
    return this.#subscribed.has(`${group}@@${name}`);
  }

  /** Resolves when it is answered (or refused), at once if it was before. Rejects when the session is over. */
  add(service: ServiceName): Promise<void> {
    const key = `${service.group}@@${service.name}`;
    let answer = this.#subscribed.get(key);
    if (!answer) {
      answer = this.#subscribe(service, key);
      this.#subscribed.set(key, answer);
    }
    return answer;
  }

  /** Not wanted any more. A failure does no harm: the server forgets with the session. */
  async drop({ group, name }: ServiceName): Promise<void> {
    if (!this.#subscribed.delete(`${group}@@${name}`)) return;
    await this.#request({ group, name }, false);
  }

  async #subscribe(service: ServiceName, key: string): Promise<void> {
    await this.#turn();
    try {
      for (;;) {
        try {
          const { serviceInfo } = await this.#request(service, true);
          // Dropped meanwhile: nobody wants to know.
          if (serviceInfo && this.#subscribed.has(key)) this.options.answered(service, serviceInfo);
          return;
        } catch (error) {
          const failure = error as NacosFailure;
          if (!this.options.session.isOpen) throw failure;
          if (failure instanceof NacosFailure && failure.kind === 'unreachable') await sleep(RETRY_MS);
          else {
            this.#subscribed.delete(key);
            this.options.refused(service, failure);
            return;
          }
        }
      }
    } finally {
      this.#running--;
      this.#waiting.shift()?.();
    }
  }

  #request({ group, name }: ServiceName, subscribe: boolean): Promise<SubscribeResponse> {
    const { session, namespace } = this.options;
    return session.request<SubscribeResponse>(
      'SubscribeServiceRequest',
      { namespace, groupName: group, serviceName: name, subscribe, clusters: '' },
      { kind: 'naming', group, name },
    );
  }

  async #turn(): Promise<void> {
    if (this.#running >= this.options.concurrency)
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    this.#running++;
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
