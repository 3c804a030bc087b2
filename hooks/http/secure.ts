/** `https:` to a mesh host: TLS is the application's own, made by its own agent, over a connection of ours (decision 10). */

import { isIP, type Socket } from 'node:net';
import type { Secure } from '../../src/transport';
import type { AppAgent } from './parking-agent';
import type { RoutedHead } from './routed-head';

let agents = 0;
const agentIds = new WeakMap<AppAgent, number>();

export class Security implements Secure {
  /** Same agent, same TLS options. */
  readonly key: string;
  private readonly options: Record<string, unknown>;
  private readonly app: AppAgent;

  constructor(head: RoutedHead & { readonly agent: { readonly app: AppAgent } }) {
    const { app } = head.agent;
    this.app = app;
    const options: Record<string, unknown> = { ...head.options, ...app.options };
    if (!options['servername'] && options['servername'] !== '') options['servername'] = serverName(head);
    const name = app.getName(options);
    options['_agentKey'] = name;
    options['agent'] = app;
    options['path'] = null;
    this.options = options;
    // A check of its own belongs to this request alone, so nobody else may ride on what it accepted.
    const own =
      options['checkServerIdentity'] !== undefined && app.options['checkServerIdentity'] === undefined;
    this.key = own ? `own${++agents}` : `${idOf(app)}|${name}`;
  }

  prepare(ready: (error: undefined) => void): void {
    ready(undefined);
  }

  wrap(socket: Socket): Socket {
    return this.app.createConnection({ ...this.options, socket });
  }
}

function idOf(agent: AppAgent): number {
  let id = agentIds.get(agent);
  if (id === undefined) {
    id = ++agents;
    agentIds.set(agent, id);
  }
  return id;
}

/** As Node's agent: the Host header's name, else the host dialled; never an address. */
function serverName(head: RoutedHead): string {
  const header = head.header('host');
  const host = typeof header === 'string' ? header : header?.[0];
  let name = head.host;
  if (host) {
    const bracket = host.indexOf(']');
    name = host.startsWith('[') && bracket > 0 ? host.slice(1, bracket) : host.split(':', 1)[0]!;
  }
  return isIP(name) ? '' : name;
}
