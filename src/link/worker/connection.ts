import type { Settings } from '../../config';
import type { LinkState } from '../../model';
import type { Log } from '../../observe';
import type { DeltaResponse, DiscoveryNode } from '../../xds';
import { AdsStream, type ResponseHandler } from './ads-stream';
import { BackOff } from './back-off';
import { prepareDial } from './credentials';
import { describeFailure } from './failure';
import type { Subscription } from './subscription';

/** A stream that ended is only an outage when the next has not answered by then: istiod ends each after 30 minutes. */
const ROUTINE_MS = 1_000;

export interface ConnectionOptions {
  readonly settings: Settings;
  readonly node: DiscoveryNode;
  readonly subscriptions: readonly Subscription[];
  readonly response: ResponseHandler;
  readonly state: (state: LinkState) => void;
  readonly log: Log;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  readonly random: () => number;
}

/** Keeps one stream to the control plane, whatever happens. Never throws. */
export class Connection {
  readonly #backOff: BackOff;
  #stream: AdsStream | undefined;
  #retry: NodeJS.Timeout | undefined;
  #grace: NodeJS.Timeout | undefined;
  #state: LinkState = 'idle';
  #stopped = false;
  /** The line of this outage has been written. */
  #complained = false;

  constructor(readonly options: ConnectionOptions) {
    this.#backOff = new BackOff(options.now, options.random);
  }

  get state(): LinkState {
    return this.#state;
  }

  start(): void {
    this.#become('connecting');
    this.#dial();
  }

  /** Subscriptions changed. */
  update(): void {
    this.#stream?.update();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#retry);
    clearTimeout(this.#grace);
    this.#stream?.close();
  }

  #dial(): void {
    const { settings, node, subscriptions } = this.options;
    let answered = false;
    try {
      this.#stream = new AdsStream(prepareDial(settings), node, subscriptions, {
        response: (subscription, response) => {
          // First the content: who hears "up" may rely on there being views.
          const reasons = this.#respond(subscription, response);
          if (!answered) this.#answered();
          answered = true;
          return reasons;
        },
        ended: (error) => this.#ended(answered, error),
      });
    } catch (error) {
      // A refusal: nothing was dialled.
      this.#ended(false, error);
    }
  }

  #respond(subscription: Subscription, response: DeltaResponse): readonly string[] {
    try {
      return this.options.response(subscription, response);
    } catch (error) {
      const why = (error as Error).message;
      this.options.log.line('error', 'link.defect', `a response could not be worked in: ${why}`, {
        typeUrl: response.typeUrl,
        stack: (error as Error).stack,
      });
      return [`internal error: ${why}`];
    }
  }

  #answered(): void {
    this.#backOff.good();
    clearTimeout(this.#grace);
    this.#grace = undefined;
    if (this.#state !== 'up') {
      this.options.log.line('info', 'link.up', `following the control plane ${this.options.settings.xds}`);
    }
    this.#complained = false;
    this.#become('up');
  }

  #ended(answered: boolean, error: unknown): void {
    this.#stream = undefined;
    if (this.#stopped) return;
    if (!answered) this.#failed(error);
    else this.#grace ??= setTimeout(() => this.#failed(error), ROUTINE_MS);
    this.#retry = setTimeout(() => this.#dial(), this.#backOff.next());
  }

  #failed(error: unknown): void {
    clearTimeout(this.#grace);
    this.#grace = undefined;
    const { settings, log } = this.options;
    this.#become('down');
    const why = error ?? new Error('the stream was ended');
    const { level, event, message } = describeFailure(why, settings.xds);
    // A refusal is worth repeating (the log thins it out): somebody has to change something.
    if (!this.#complained || event === 'link.refused') log.line(level, event, message);
    this.#complained = true;
  }

  #become(state: LinkState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.options.state(state);
  }
}
