import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** One address before several servers, as a Kubernetes Service is: connections go to the server that is chosen. */
export class TcpSwitch {
  private readonly pairs = new Set<readonly [Socket, Socket]>();

  private constructor(
    private readonly server: Server,
    private target: number,
  ) {
    server.on('connection', (socket: Socket) => this.join(socket));
  }

  /** `target` is a port of the loopback. */
  static async start(target: number): Promise<TcpSwitch> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TcpSwitch(server, target);
  }

  /** `127.0.0.1:port`. */
  get address(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Open connections end; new ones go there. */
  turnTo(target: number): void {
    this.target = target;
    for (const pair of this.pairs) for (const socket of pair) socket.destroy();
  }

  async stop(): Promise<void> {
    this.turnTo(0);
    await new Promise((resolve) => this.server.close(resolve));
  }

  private join(inside: Socket): void {
    const outside = connect(this.target, '127.0.0.1');
    const pair = [inside, outside] as const;
    this.pairs.add(pair);
    const end = () => {
      this.pairs.delete(pair);
      inside.destroy();
      outside.destroy();
    };
    for (const socket of pair) socket.on('error', end).on('close', end);
    inside.pipe(outside).pipe(inside);
  }
}
