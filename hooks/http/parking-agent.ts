/** Stands in for the application's agent while Node constructs a request, and parks it instead of finding a socket. */

import http = require('node:http');
import https = require('node:https');

import { CallList } from './call-list';
import type { Exchange } from './exchange';
import { type NodeRequest, native } from './internals';
import { hasProxyConfig } from './shape';

/** What Node hands to `addRequest`. */
export type AgentOptions = Record<string, unknown> & { host: string; port: number | string };
export type Park = (request: NodeRequest, options: AgentOptions, agent: ParkingAgent) => void;

/** The application's agent as Node calls it. */
export interface AppAgent extends http.Agent {
  addRequest(request: unknown, options: unknown): void;
  createSocket(request: unknown, options: unknown, callback: unknown): void;
  getName(options: object): string;
  createConnection(options: object, callback?: unknown): import('node:net').Socket;
  readonly protocol: string;
  readonly defaultPort: number;
  readonly keepAlive: boolean;
  readonly maxTotalSockets: number;
  readonly options: Record<string, unknown>;
}

export class ParkingAgent {
  /** Calls that may hold a socket; closed by `agent.destroy()`. */
  readonly calls = new CallList();
  private readonly active = new Map<string, number>();
  private readonly queues = new Map<string, Exchange[]>();
  private total = 0;

  constructor(
    readonly app: AppAgent,
    private readonly park: Park,
  ) {}

  get protocol(): string {
    return this.app.protocol;
  }

  get defaultPort(): number {
    return this.app.defaultPort;
  }

  get keepAlive(): boolean {
    return this.app.keepAlive;
  }

  get maxSockets(): number {
    return this.app.maxSockets;
  }

  get options(): Record<string, unknown> {
    return this.app.options;
  }

  addRequest(request: NodeRequest, options: AgentOptions): void {
    this.park(request, options, this);
  }

  /** The application's `maxSockets` counts calls per logical host. False: queued, `Exchange.admitted` comes later. */
  admit(exchange: Exchange): boolean {
    const { maxSockets, maxTotalSockets } = this.app;
    if (maxSockets === Number.POSITIVE_INFINITY && !(maxTotalSockets < Number.POSITIVE_INFINITY)) return true;
    const { slot } = exchange;
    const active = this.active.get(slot) ?? 0;
    if (active < maxSockets && !(this.total >= maxTotalSockets)) {
      this.occupy(exchange);
      return true;
    }
    const queue = this.queues.get(slot);
    if (queue === undefined) this.queues.set(slot, [exchange]);
    else queue.push(exchange);
    return false;
  }

  /** The call is over, whether it waited or ran. */
  leave(exchange: Exchange): void {
    this.calls.delete(exchange);
    const { slot } = exchange;
    if (!exchange.admittedHere) {
      const queue = this.queues.get(slot);
      const at = queue === undefined ? -1 : queue.indexOf(exchange);
      if (at >= 0) queue!.splice(at, 1);
      return;
    }
    exchange.admittedHere = false;
    this.total--;
    const active = this.active.get(slot)! - 1;
    if (active > 0) this.active.set(slot, active);
    else this.active.delete(slot);
    this.next(slot);
  }

  private occupy(exchange: Exchange): void {
    this.active.set(exchange.slot, (this.active.get(exchange.slot) ?? 0) + 1);
    this.total++;
    exchange.admittedHere = true;
  }

  /** The oldest of the same host; with a total limit another host's may have waited for this place. */
  private next(slot: string): void {
    for (const key of this.queues.has(slot) ? [slot] : this.queues.keys()) {
      const exchange = this.queues.get(key)!.shift();
      if (this.queues.get(key)!.length === 0) this.queues.delete(key);
      if (exchange === undefined) continue;
      this.occupy(exchange);
      exchange.admitted();
      return;
    }
  }
}

const agentPrototype = http.Agent.prototype as unknown as AppAgent;

/** Why calls with this agent are left to it (decision 8), or undefined. */
export function leaveToAgent(agent: AppAgent): string | undefined {
  if (!(agent instanceof http.Agent)) return 'an agent that is not Node’s http.Agent';
  if (hasProxyConfig(agent)) return 'a proxy from the environment';
  if ('proxy' in agent && agent.proxy) return 'a proxy agent';
  if (agent.options?.socketPath) return 'an agent with a socketPath';
  if (isAgentKeepAlive(agent)) return undefined;
  // Such agents change the request or decide where it goes; what is patched on Node's own prototype is for all.
  const { addRequest, createSocket, createConnection } = agent;
  if (addRequest !== native.addRequest && addRequest !== agentPrototype.addRequest) {
    return 'an agent with its own addRequest';
  }
  if (createSocket !== native.createSocket && createSocket !== agentPrototype.createSocket) {
    return 'an agent with its own createSocket';
  }
  const known =
    createConnection === native.httpConnect ||
    createConnection === native.httpsConnect ||
    createConnection === agentPrototype.createConnection ||
    createConnection === (https.Agent.prototype as unknown as AppAgent).createConnection;
  return known ? undefined : 'an agent with its own createConnection';
}

/** agentkeepalive's `createConnection` counts and calls Node's: it decides nothing about where a call goes. */
function isAgentKeepAlive(agent: AppAgent): boolean {
  const { createSocketCount, freeSocketKeepAliveTimeout } = agent as unknown as Record<string, unknown>;
  return typeof createSocketCount === 'number' && typeof freeSocketKeepAliveTimeout === 'number';
}
