/** What each control plane was sent and has acknowledged, for `/clients`, `/xds` and the metrics. */

export type Protocol = 'sotw' | 'delta';

/** One type on one stream. Times are milliseconds since the epoch, 0 if it has not happened. */
export interface TypeRecord {
  readonly typeUrl: string;
  /** ServiceEntries; of every other type there is nothing. */
  readonly content: boolean;
  /** The first answer is waiting for the gate. */
  waiting: boolean;
  sentVersion: string;
  sentAt: number;
  ackedVersion: string;
  ackedAt: number;
  refusedVersion: string;
  refusal: string;
  responses: number;
  bytes: number;
}

export interface ClientRecord {
  readonly number: number;
  readonly protocol: Protocol;
  /** Address and port of the other end. */
  readonly peer: string;
  readonly connectedAt: number;
  /** Node id, once told. */
  id: string;
  /** `ISTIO_REVISION` of the node. */
  revision: string;
  readonly types: Map<string, TypeRecord>;
  /** Of the last push of content. */
  lastPush?: PushTimes;
}

/** Milliseconds of one push. */
export interface PushTimes {
  /** From the first news to the response being handed to the connection, less the wait. */
  readonly ownMs: number;
  /** From then until the connection has taken its last byte: how fast the client reads. */
  readonly writeMs: number;
  /** How long the client's acknowledgement of the response before held this one up. */
  readonly ackWaitMs: number;
}

/** Told of what happens on streams, for log and metrics. */
export interface McpEvents {
  connected(client: ClientRecord): void;
  disconnected(client: ClientRecord, reason: string): void;
  sent(client: ClientRecord, type: TypeRecord, resources: number, bytes: number): void;
  /** A response with content has left the process. */
  written(client: ClientRecord, times: PushTimes): void;
  /** `ms`: from sending to the acknowledgement. */
  acked(client: ClientRecord, type: TypeRecord, ms: number): void;
  refused(client: ClientRecord, type: TypeRecord): void;
  rendered(changed: number, resources: number, ms: number): void;
}

export class Ledger {
  private readonly records = new Set<ClientRecord>();
  private numbers = 0;

  get clients(): readonly ClientRecord[] {
    return [...this.records];
  }

  open(protocol: Protocol, peer: string, now: number): ClientRecord {
    const record: ClientRecord = {
      number: ++this.numbers,
      protocol,
      peer,
      connectedAt: now,
      id: '',
      revision: '',
      types: new Map(),
    };
    this.records.add(record);
    return record;
  }

  close(record: ClientRecord): void {
    this.records.delete(record);
  }
}

export function typeRecord(client: ClientRecord, typeUrl: string, content: boolean): TypeRecord {
  let record = client.types.get(typeUrl);
  if (!record) {
    record = {
      typeUrl,
      content,
      waiting: true,
      sentVersion: '',
      sentAt: 0,
      ackedVersion: '',
      ackedAt: 0,
      refusedVersion: '',
      refusal: '',
      responses: 0,
      bytes: 0,
    };
    client.types.set(typeUrl, record);
  }
  return record;
}
