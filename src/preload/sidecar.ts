import { connect } from 'node:net';
import { clearTimeout, setTimeout } from '../observe/native';

/** A place where a sidecar of this pod would answer (decision 12). */
export interface SidecarAddress {
  readonly port: number;
  readonly path: string;
  readonly what: string;
}

/** Pods share the loopback interface with their sidecar: Envoy's admin server and its health listener. */
export const SIDECAR_ADDRESSES: readonly SidecarAddress[] = [
  { port: 15000, path: '/server_info', what: "Envoy's admin server" },
  { port: 15021, path: '/healthz/ready', what: "the sidecar's health port" },
];

/** A refused connection is answered at once on loopback; whatever else listens there gets this long. */
const PROBE_MS = 250;
const MOST_BYTES = 16_384;

/**
 * Calls back once, with what answered as Envoy, or with undefined. Does not keep the process alive: the call that
 * waits for the answer does.
 */
export function findSidecar(
  addresses: readonly SidecarAddress[],
  callback: (found: SidecarAddress | undefined) => void,
): void {
  let open = addresses.length;
  let done = false;
  for (const address of addresses) {
    probe(address, (found) => {
      open--;
      if (done || (!found && open > 0)) return;
      done = true;
      callback(found ? address : undefined);
    });
  }
}

/** HTTP by hand: the hooked `http` must not be used, and the head of the answer is enough. */
function probe({ port, path }: SidecarAddress, callback: (found: boolean) => void): void {
  let head = '';
  const socket = connect({ host: '127.0.0.1', port });
  const timer = setTimeout(() => socket.destroy(), PROBE_MS);
  timer.unref();
  socket.unref();
  socket.setEncoding('latin1');
  socket.on('connect', () =>
    socket.write(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n`),
  );
  socket.on('data', (text: string) => {
    head += text;
    if (head.includes('\r\n\r\n') || head.length > MOST_BYTES) socket.destroy();
  });
  // Refused or reset: the close that follows answers.
  socket.on('error', () => undefined);
  socket.on('close', () => {
    clearTimeout(timer);
    callback(/^server: *envoy\b/im.test(head));
  });
}
