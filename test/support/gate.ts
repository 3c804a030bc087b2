import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP door in front of a control plane: connections are accepted at once, bytes pass when it is opened. */
export class Gate {
  private readonly waiting = new Set<Socket>();
  private readonly sockets = new Set<Socket>();
  private isOpen = false;

  private constructor(
    private readonly server: Server,
    private readonly target: number,
    readonly port: number,
  ) {}

  static async start(target: number): Promise<Gate> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const gate = new Gate(server, target, (server.address() as AddressInfo).port);
    server.on('connection', (socket) => gate.arrived(socket));
    return gate;
  }

  open(): void {
    this.isOpen = true;
    for (const socket of this.waiting) this.pass(socket);
    this.waiting.clear();
  }

  stop(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private arrived(socket: Socket): void {
    this.keep(socket);
    if (this.isOpen) this.pass(socket);
    else this.waiting.add(socket);
  }

  private pass(socket: Socket): void {
    const inner = connect(this.target, '127.0.0.1');
    this.keep(inner);
    socket.pipe(inner).pipe(socket);
    socket.once('close', () => inner.destroy());
    inner.once('close', () => socket.destroy());
  }

  private keep(socket: Socket): void {
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
    socket.on('error', () => socket.destroy());
  }
}
