/** Dials every address that would be served and says which cannot be reached. Reports; changes nothing. */

import { connect } from 'node:net';
import type { ServedSnapshot } from '../model';

export interface ProbeOptions {
  /** Milliseconds for one connection. */
  readonly timeoutMs: number;
  /** Connections at once. */
  readonly concurrency: number;
}

export interface Unreachable {
  readonly address: string;
  readonly port: number;
  /** `ECONNREFUSED`, `timeout`, … */
  readonly reason: string;
  /** Hosts that have it. */
  readonly hosts: readonly string[];
}

export interface ProbeReport {
  /** Different addresses with port. */
  readonly dialled: number;
  readonly unreachable: readonly Unreachable[];
}

interface Target {
  readonly address: string;
  readonly port: number;
  readonly hosts: Set<string>;
}

/** Each address and port once, however many hosts have it. Never rejects. */
export async function probe(
  { entries }: ServedSnapshot,
  { timeoutMs, concurrency }: ProbeOptions,
): Promise<ProbeReport> {
  const targets = new Map<string, Target>();
  for (const { host, endpoints } of entries.values())
    for (const { address, ports } of endpoints)
      for (const port of Object.values(ports)) {
        const key = `${address} ${port}`;
        const target = targets.get(key) ?? { address, port, hosts: new Set<string>() };
        target.hosts.add(host);
        targets.set(key, target);
      }
  const unreachable: Unreachable[] = [];
  const open = targets.values();
  const worker = async () => {
    for (const { address, port, hosts } of open) {
      const reason = await dial(address, port, timeoutMs);
      if (reason !== undefined) unreachable.push({ address, port, reason, hosts: [...hosts].sort() });
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  unreachable.sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : a.port - b.port));
  return { dialled: targets.size, unreachable };
}

/** Why there is no connection, or undefined. */
function dial(host: string, port: number, timeoutMs: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const done = (reason?: string) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(reason);
    };
    const timer = setTimeout(() => done('timeout'), timeoutMs);
    socket.once('connect', () => done());
    socket.once('error', (error: NodeJS.ErrnoException) => done(error.code ?? error.message));
  });
}
