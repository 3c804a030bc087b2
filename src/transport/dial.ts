import type * as net from 'node:net';
import type { ConnectionPoolSettings, Endpoint } from '../model';
import { clearTimeout, connect, setImmediate, setTimeout } from '../observe/native';
import type { ConnectionKey } from './pool';

/** Who waits for a connection. Exactly one of the two is called, unless the dial is cancelled. */
export interface DialListener {
  dialled(socket: net.Socket): void;
  /** `timedOut`: the cluster's connect timeout ran out. `secured`: TCP stood, the handshake failed. */
  dialFailed(error: Error, timedOut: boolean, secured: boolean): void;
}

/** Layers TLS over an established connection. */
export interface Secure {
  /** Connections with the same key may be shared. */
  readonly key: ConnectionKey;
  /** Calls back, at once or later, when `wrap` may be called; an error says why it may not. */
  prepare(ready: (error: Error | undefined) => void): void;
  /** `secureConnect` of the result is waited for. May throw. */
  wrap(socket: net.Socket): net.Socket;
}

/** One attempt to connect to one endpoint, TLS handshake and connect timeout included. Keeps the process alive. */
export class Dial {
  private socket: net.Socket;
  private timer: NodeJS.Timeout | undefined;
  private secured = false;
  private over = false;

  constructor(
    endpoint: Endpoint,
    private readonly settings: ConnectionPoolSettings,
    private readonly listener: DialListener,
    private readonly secure?: Secure,
  ) {
    this.socket = connect({ host: endpoint.address, port: endpoint.port, noDelay: true });
    this.socket.once('connect', this.onConnect);
    this.socket.once('error', this.onError);
    this.socket.once('close', this.onClose);
    if (settings.connectTimeoutMs > 0) this.timer = setTimeout(this.onTimeout, settings.connectTimeoutMs);
  }

  /** Nobody waits for it, but it goes on: it no longer keeps the process alive. */
  unref(): void {
    this.socket.unref();
    this.timer?.unref();
  }

  /** Nobody waits any more. */
  cancel(): void {
    if (this.over) return;
    this.end();
    this.socket.on('error', ignoreError);
    this.socket.destroy();
  }

  private readonly onConnect = (): void => {
    const { tcpKeepalive } = this.settings;
    if (tcpKeepalive !== undefined) this.socket.setKeepAlive(true, tcpKeepalive.timeMs ?? 0);
    if (this.secure === undefined) {
      this.succeed();
      return;
    }
    this.secured = true;
    this.secure.prepare(this.onPrepared);
  };

  private readonly onPrepared = (error: Error | undefined): void => {
    if (this.over) return;
    if (error !== undefined) {
      this.fail(error, false);
      return;
    }
    const plain = this.socket;
    this.unlisten();
    plain.on('error', ignoreError);
    try {
      this.socket = this.secure!.wrap(plain);
    } catch (error) {
      plain.destroy();
      this.fail(error as Error, false);
      return;
    }
    this.socket.once('secureConnect', this.onSecure);
    this.socket.once('error', this.onError);
    this.socket.once('close', this.onClose);
  };

  // Not inside OpenSSL's callback: what is written there is reported as written only with the first answer.
  private readonly onSecure = (): void => {
    setImmediate(secured, this);
  };

  /** The handshake is over. */
  complete(): void {
    if (!this.over) this.succeed();
  }

  private readonly onError = (error: Error): void => this.fail(error, false);
  private readonly onClose = (): void =>
    this.fail(
      Object.assign(
        new Error('Client network socket disconnected before secure TLS connection was established'),
        {
          code: 'ECONNRESET',
        },
      ),
      false,
    );
  private readonly onTimeout = (): void =>
    this.fail(Object.assign(new Error('connect ETIMEDOUT'), { code: 'ETIMEDOUT' }), true);

  private succeed(): void {
    this.end();
    this.listener.dialled(this.socket);
  }

  private fail(error: Error, timedOut: boolean): void {
    if (this.over) return;
    this.end();
    this.socket.on('error', ignoreError);
    this.socket.destroy();
    this.listener.dialFailed(error, timedOut, this.secured);
  }

  private end(): void {
    this.over = true;
    if (this.timer !== undefined) clearTimeout(this.timer);
    this.unlisten();
  }

  private unlisten(): void {
    const { socket } = this;
    socket.removeListener('connect', this.onConnect);
    socket.removeListener('secureConnect', this.onSecure);
    socket.removeListener('error', this.onError);
    socket.removeListener('close', this.onClose);
  }
}

function secured(dial: Dial): void {
  dial.complete();
}

/** The socket was given up; what it still says concerns nobody. */
function ignoreError(): void {
  return;
}
