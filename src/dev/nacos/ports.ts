/** Two free ports for a registry that may choose. */

import { createServer } from 'node:net';

/** Below the range from which systems take the ports of outgoing connections: a pair is seldom free there. */
const FIRST = 20_000;
const LAST = 31_000;
const TRIES = 100;

/**
 * A port that is free together with the one `offset` above it, at this moment. Rejects with the system's error where
 * the host is none of this machine's.
 */
export async function freePair(host: string, offset: number): Promise<number> {
  for (let tries = 0; tries < TRIES; tries++) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    if ((await isFree(host, port)) && (await isFree(host, port + offset))) return port;
  }
  throw new Error(`no two free ports ${offset} apart between ${FIRST} and ${LAST + offset}`);
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' || error.code === 'EACCES' ? resolve(false) : reject(error),
    );
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}
