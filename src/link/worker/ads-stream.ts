import { Client, type ClientDuplexStream, type StatusObject } from '@grpc/grpc-js';
import {
  aggregatedDiscoveryService,
  type DeltaRequest,
  type DeltaResponse,
  type DiscoveryNode,
} from '../../xds';
import type { Dial } from './credentials';
import type { Subscription } from './subscription';

/** Longer than any healthy handshake; a control plane that swallows packets must not hold an attempt for minutes. */
const CONNECT_TIMEOUT_MS = 5_000;
const GRPC_READY = 2;

/** Takes a response; returns the reasons why parts of it were not accepted (empty = ACK). */
export type ResponseHandler = (subscription: Subscription, response: DeltaResponse) => readonly string[];

export interface AdsStreamEvents {
  readonly response: ResponseHandler;
  /** Exactly once. `error` undefined = the control plane ended the stream in good order. */
  ended(error: Error | undefined): void;
}

/** One delta-ADS stream over a channel of its own: node, subscriptions, acknowledgements. Never throws. */
export class AdsStream {
  readonly #client: Client;
  readonly #call: ClientDuplexStream<DeltaRequest, DeltaResponse>;
  readonly #connectTimer: NodeJS.Timeout;
  #node: DiscoveryNode | undefined;
  #flushing = false;
  #ended = false;

  constructor(
    dial: Dial,
    node: DiscoveryNode,
    readonly subscriptions: readonly Subscription[],
    readonly events: AdsStreamEvents,
  ) {
    this.#node = node;
    for (const subscription of subscriptions) subscription.reset();
    this.#client = new Client(dial.target, dial.credentials, dial.options);
    const method = aggregatedDiscoveryService.DeltaAggregatedResources;
    this.#call = this.#client.makeBidiStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      dial.metadata,
    );
    this.#call.on('data', (response: DeltaResponse) => this.#receive(response));
    this.#call.on('error', (error: Error) => this.#end(error));
    // A stream that fails emits 'error' as well, always before this has run.
    this.#call.on('status', (status: StatusObject) => setImmediate(() => this.#end(statusError(status))));
    this.#connectTimer = setTimeout(() => {
      if (this.#client.getChannel().getConnectivityState(false) === GRPC_READY) return;
      this.#end(new Error(`no connection within ${CONNECT_TIMEOUT_MS / 1000} s`));
    }, CONNECT_TIMEOUT_MS);
    this.#flush();
  }

  /** Sends what the subscriptions have to say, once for all changes of this turn of the event loop. */
  update(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    setImmediate(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  close(): void {
    this.#end(undefined);
  }

  #flush(): void {
    for (const subscription of this.subscriptions) {
      const request = subscription.next();
      if (request !== undefined) this.#send(request);
    }
  }

  #send(request: DeltaRequest): void {
    if (this.#ended) return;
    this.#call.write(this.#node === undefined ? request : { ...request, node: this.#node });
    this.#node = undefined;
  }

  #receive(response: DeltaResponse): void {
    const subscription = this.subscriptions.find(({ typeUrl }) => typeUrl === response.typeUrl);
    // Not asked for: there is nothing to acknowledge, and naming an unknown type would end istiod's stream.
    if (this.#ended || subscription === undefined) return;
    const reasons = this.events.response(subscription, response);
    const acknowledgement = { typeUrl: response.typeUrl, responseNonce: response.nonce };
    this.#send(
      reasons.length === 0
        ? acknowledgement
        : { ...acknowledgement, errorDetail: { code: INVALID_ARGUMENT, message: nackMessage(reasons) } },
    );
  }

  #end(error: Error | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#connectTimer);
    this.#call.cancel();
    this.#client.close();
    this.events.ended(error);
  }
}

const INVALID_ARGUMENT = 3;
const MOST_NACK_CHARACTERS = 4_000;

function nackMessage(reasons: readonly string[]): string {
  let message = '';
  for (const [index, reason] of reasons.entries()) {
    if (message.length + reason.length > MOST_NACK_CHARACTERS) {
      const rest = `${index === 0 ? reason.slice(0, MOST_NACK_CHARACTERS) : ''} … and ${reasons.length - index} more`;
      return message + rest;
    }
    message += (index === 0 ? '' : '; ') + reason;
  }
  return message;
}

function statusError(status: StatusObject): Error | undefined {
  return status.code === 0 ? undefined : Object.assign(new Error(status.details), status);
}
