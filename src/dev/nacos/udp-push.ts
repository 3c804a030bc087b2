/** Pushes to clients of the v1 HTTP API: one UDP packet with the whole service, once more if it is not acknowledged. */

import { createSocket, type Socket } from 'node:dgram';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Pusher } from './pusher';
import type { ServiceId, ServiceStore } from './store';

const zip = promisify(gzip);

/** Bigger packets are compressed. */
const PLAIN_BYTES = 1_024;
const RESEND_MS = 10_000;
/** A client polls every 10 s; one that does not come any more is forgotten. */
const FORGET_MS = 60_000;

interface Listener {
  readonly service: ServiceId;
  readonly clusters: string;
  readonly ip: string;
  readonly port: number;
  seenAt: number;
}

export class UdpPush {
  readonly #socket: Socket;
  readonly #listeners = new Map<string, Listener>();
  readonly #unacknowledged = new Map<string, NodeJS.Timeout>();
  #closed = false;

  constructor(
    readonly store: ServiceStore,
    readonly pusher: Pusher,
    readonly now: () => number,
  ) {
    this.#socket = createSocket('udp4');
    this.#socket.on('message', (packet, { port }) => this.#acknowledged(packet, port));
    // A client that is gone answers with "port unreachable": it is forgotten in time.
    this.#socket.on('error', () => undefined);
    this.#socket.bind(0, '127.0.0.1');
  }

  /** A poll that names a UDP port subscribes: one subscription per address and service. */
  polled(service: ServiceId, clusters: string, ip: string, port: number): void {
    const key = JSON.stringify([service, ip, port]);
    const listener: Listener = { service, clusters, ip, port, seenAt: this.now() };
    this.#listeners.set(key, listener);
    this.pusher.subscribe(service, key, () => void this.#push(key));
  }

  stop(): void {
    this.#closed = true;
    for (const timer of this.#unacknowledged.values()) clearTimeout(timer);
    this.#socket.close();
  }

  async #push(key: string): Promise<void> {
    const listener = this.#listeners.get(key);
    if (!listener) return;
    const { service, clusters, ip, port, seenAt } = listener;
    if (this.now() - seenAt > FORGET_MS) {
      this.#listeners.delete(key);
      this.pusher.unsubscribe(service, key);
      return;
    }
    const info = qualified(this.store.info(service, clusters));
    const lastRefTime = this.now();
    const text = JSON.stringify({ type: 'dom', data: JSON.stringify(info), lastRefTime });
    const plain = Buffer.from(text);
    const packet = plain.length > PLAIN_BYTES ? await zip(plain) : plain;
    if (this.#closed) return;
    this.#send(packet, ip, port);
    const ack = `${port}/${lastRefTime}`;
    const resend = () => {
      this.#unacknowledged.delete(ack);
      this.#send(packet, ip, port);
    };
    this.#unacknowledged.set(ack, setTimeout(resend, RESEND_MS));
  }

  #send(packet: Buffer, ip: string, port: number): void {
    this.#socket.send(packet, port, ip);
  }

  #acknowledged(packet: Buffer, port: number): void {
    const lastRefTime = /"lastRefTime":"?(\d+)/.exec(packet.toString('utf8'))?.[1];
    const key = `${port}/${lastRefTime}`;
    clearTimeout(this.#unacknowledged.get(key));
    this.#unacknowledged.delete(key);
  }
}

/** v1 names a service with its group. */
export function qualified(info: ReturnType<ServiceStore['info']>): Readonly<Record<string, unknown>> {
  return { ...info, name: `${info.groupName}@@${info.name}` };
}
