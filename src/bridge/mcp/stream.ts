/** One client's stream of either protocol: what it asked for, what is on its way to it, what it has. */

import type { DiscoveryNode, ErrorDetail } from '../../xds';
import type { Answer, Answers } from './answers';
import { kindOf, SERVICE_ENTRY, SIDECAR } from './kind';
import { type ClientRecord, type McpEvents, type TypeRecord, typeRecord } from './ledger';
import type { Publisher, Subscriber } from './publisher';

/** What requests of both protocols have. */
interface Request {
  readonly typeUrl: string;
  readonly node?: DiscoveryNode;
  readonly responseNonce?: string;
  readonly errorDetail?: ErrorDetail;
}

interface Watch {
  readonly record: TypeRecord;
  readonly kind: string;
  /** Of the response that is not acknowledged yet; one at a time. */
  inFlight: string | undefined;
  /** An answer is due, new content or not. */
  due: boolean;
  /** When the first news that this client lacks came; monotonic. */
  since: number | undefined;
  sentAt: number;
  ackedAt: number;
}

export interface StreamContext {
  readonly publisher: Publisher;
  readonly events: McpEvents;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** Milliseconds since the epoch, for the ledger. */
  readonly wallClock: () => number;
}

export class McpStream<R extends Request> implements Subscriber {
  private readonly watches = new Map<string, Watch>();
  private identified = false;

  /** `write` calls back when the bytes have left; never, when the stream breaks. */
  constructor(
    private readonly client: ClientRecord,
    private readonly answers: Answers<R>,
    private readonly context: StreamContext,
    private readonly write: (pieces: readonly Buffer[], written: () => void) => void,
  ) {}

  receive(request: R): void {
    const { typeUrl, node, responseNonce: nonce, errorDetail } = request;
    if (node && !this.identified) this.identify(node);
    let watch = this.watches.get(typeUrl);
    const first = watch === undefined;
    if (!watch) {
      watch = this.watch(typeUrl);
      this.watches.set(typeUrl, watch);
    } else if (nonce && nonce === watch.inFlight) {
      this.settle(watch, errorDetail);
    }
    // istiod sends the time of day as the nonce of its first requests: it makes them no acknowledgement.
    if (this.answers.subscribe(request, first)) watch.due = true;
    this.offer(watch);
  }

  published(since: number): void {
    for (const watch of this.watches.values()) {
      if (watch.record.content) watch.since = Math.min(watch.since ?? since, since);
      if (watch.record.content || watch.kind === SIDECAR) this.offer(watch);
    }
  }

  private identify(node: DiscoveryNode): void {
    this.identified = true;
    const revision = node.metadata['ISTIO_REVISION'];
    this.client.id = node.id;
    this.client.revision = typeof revision === 'string' && revision !== '' ? revision : 'default';
    this.context.events.connected(this.client);
  }

  private watch(typeUrl: string): Watch {
    const kind = kindOf(typeUrl);
    return {
      record: typeRecord(this.client, typeUrl, kind === SERVICE_ENTRY),
      kind,
      inFlight: undefined,
      due: false,
      since: undefined,
      sentAt: 0,
      ackedAt: 0,
    };
  }

  private settle(watch: Watch, refusal: ErrorDetail | undefined): void {
    const { events, now, wallClock } = this.context;
    const { record } = watch;
    watch.inFlight = undefined;
    watch.ackedAt = now();
    if (refusal) {
      record.refusedVersion = record.sentVersion;
      record.refusal = refusal.message;
      events.refused(this.client, record);
      return;
    }
    record.ackedVersion = record.sentVersion;
    record.ackedAt = wallClock();
    events.acked(this.client, record, watch.ackedAt - watch.sentAt);
  }

  /** Sends what the client lacks, unless it has yet to acknowledge what it was sent: then its ACK comes back here. */
  private offer(watch: Watch): void {
    if (watch.inFlight !== undefined) return;
    const { typeUrl, content } = watch.record;
    const view =
      content || watch.kind === SIDECAR
        ? this.context.publisher.current()?.view(this.client.revision || 'default', watch.kind)
        : undefined;
    // Everything but these is answered at once: istiod is not ready before.
    if ((content && !view) || this.context.publisher.awaits(watch.kind)) return;
    const answer = this.answers.next(typeUrl, view, watch.due);
    watch.due = false;
    if (answer) this.send(watch, answer);
    else watch.since = undefined;
  }

  private send(watch: Watch, { pieces, version, nonce, resources }: Answer): void {
    const { events, now, wallClock } = this.context;
    const { record, since } = watch;
    watch.inFlight = nonce;
    watch.since = undefined;
    watch.sentAt = now();
    record.waiting = false;
    record.sentVersion = version;
    record.sentAt = wallClock();
    record.responses++;
    const bytes = pieces.reduce((sum, { length }) => sum + length, 0);
    record.bytes += bytes;
    events.sent(this.client, record, resources, bytes);
    const ackWaitMs = since === undefined ? 0 : Math.max(0, watch.ackedAt - since);
    this.write(pieces, () => {
      // The first answer is no push: nothing was new.
      if (since === undefined) return;
      const times = { ownMs: handed - since - ackWaitMs, ackWaitMs, writeMs: now() - handed };
      this.client.lastPush = times;
      events.written(this.client, times);
    });
    const handed = now();
  }
}
