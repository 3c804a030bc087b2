import { createServer } from 'node:net';

/** Below the range from which Linux takes the ports of outgoing connections, so that a server can come back on its port. */
const FIRST = 20_000;
const LAST = 32_000;

const given = new Set<number>();

/** A port of the loopback that is free now, that no connection will take by chance, and that was not given before. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 200; tries++) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
  throw new Error(`no free port between ${FIRST} and ${LAST}`);
}

/**
 * A port `p` such that `p + offset` is free too for every offset, for servers that derive their other ports from one.
 * All of them count as given.
 */
export async function freePortFamily(offsets: readonly number[]): Promise<number> {
  for (let tries = 0; tries < 200; tries++) {
    const base = await freePort();
    const others = offsets.map((offset) => base + offset);
    const usable = await Promise.all(others.map((port) => !given.has(port) && isFree(port)));
    if (usable.includes(false)) continue;
    for (const port of others) given.add(port);
    return base;
  }
  throw new Error(`no port with free neighbours at ${offsets.join(', ')}`);
}

export function freePorts(count: number): Promise<number[]> {
  return Promise.all(Array.from({ length: count }, freePort));
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
