/** Everything that the hook's parts share, and the place where requests are parked. */

import type { Socket } from 'node:net';
import type { Attempt, Mesh } from '../../src/call';
import type { ConnectionPoolSettings } from '../../src/model';
import { setTimeout } from '../../src/observe/native';
import {
  type Connection,
  type Pool,
  Pools,
  type Secure,
  TlsUnavailable,
  UpstreamTlsContexts,
} from '../../src/transport';
import type { HookContext } from '../hook';
import { now } from './clock';
import { Exchange } from './exchange';
import type { NodeRequest } from './internals';
import { type AgentOptions, type AppAgent, leaveToAgent, ParkingAgent } from './parking-agent';
import { adopt, kExchange, type MeshRequest } from './request';
import { unknownHead, unknownRequest } from './shape';
import { watchSocket } from './socket';

/** Whose steps may fail. */
interface Rescued {
  /** Set to the time at which the step begins, monotonic milliseconds. */
  at: number;
  rescue(error: Error): void;
}

export class Parking {
  readonly mesh: Mesh;
  private requestIsKnown = false;
  private headIsKnown = false;
  private readonly pools: Pools;
  private readonly tls: UpstreamTlsContexts;
  readonly now = now;
  private readonly agents = new WeakMap<AppAgent, ParkingAgent>();
  private readonly parkRequest = (request: NodeRequest, options: AgentOptions, agent: ParkingAgent): void =>
    this.park(request, options, agent);

  constructor(readonly context: HookContext) {
    this.mesh = context.mesh;
    this.pools = new Pools(this.now, { setTimeout });
    this.tls = new UpstreamTlsContexts(context.log, this.now);
  }

  /** Clusters with limits share no connections with others, so that theirs can be counted. */
  pool({ cluster, endpoint, limits, pool }: Attempt, secure: Secure | undefined): Pool {
    const key = secure === undefined ? '' : secure.key;
    return this.pools.pool(endpoint, limits === undefined ? key : `${key}|${cluster}`, pool);
  }

  /** A connection of the pool; undefined where it has ended already. */
  adopt(socket: Socket, pool: Pool, settings: ConnectionPoolSettings): Connection | undefined {
    const connection = this.pools.adopt(socket, pool, settings);
    if (connection !== undefined) watchSocket(socket);
    return connection;
  }

  /** A connection that was made for a call which took another one. */
  spare(socket: Socket, pool: Pool, settings: ConnectionPoolSettings): void {
    this.adopt(socket, pool, settings)?.release(this.now(), undefined);
  }

  /** TLS that the cluster asks for; undefined for plain connections. */
  secure({ tls }: Attempt): Secure | undefined {
    return tls === undefined ? undefined : this.tls.secure(tls.settings, tls.authority);
  }

  /** TLS of the cluster's did not come about: the call hears no more than that it failed, as in Envoy. */
  tlsFailed({ cluster, endpoint }: Attempt, error: Error): void {
    const { log } = this.context;
    if (error instanceof TlsUnavailable) {
      const message = `calls to ${cluster} are refused: its TLS cannot be set up: ${error.message}`;
      log.line('warn', 'tls.unavailable', message, { cluster }, message);
      return;
    }
    const peer = `${endpoint.address}:${endpoint.port}`;
    const message = `TLS to ${peer} of ${cluster} failed: ${error.message.trim()}`;
    log.line('warn', 'tls.failed', message, { cluster, endpoint: peer }, cluster);
  }

  /** The stand-in for an agent of the application; undefined where the agent must be left alone. */
  agentFor(app: AppAgent): ParkingAgent | undefined {
    const known = this.agents.get(app);
    if (known !== undefined) return known;
    const reason = leaveToAgent(app);
    if (reason !== undefined) {
      this.leaveAlone(reason);
      return undefined;
    }
    const agent = new ParkingAgent(app, this.parkRequest);
    this.agents.set(app, agent);
    return agent;
  }

  /** Named once: calls to mesh hosts that the hook does not touch. */
  leaveAlone(reason: string): void {
    const message = `calls to mesh hosts with ${reason} are left alone`;
    this.context.log.line('info', 'http.left-alone', message, { reason }, reason);
  }

  /** `agent.destroy()` of the application. */
  closeAgent(app: AppAgent): void {
    const agent = this.agents.get(app);
    if (agent === undefined) return;
    for (const exchange of agent.calls.all()) exchange.closeByAgent();
  }

  /** Runs a step of an exchange; an error of ours costs the call our help, never the application an exception. */
  guard<E extends Rescued, T>(exchange: E, step: (this: E, argument: T) => void, argument: T): void {
    exchange.at = this.now();
    try {
      step.call(exchange, argument);
    } catch (error) {
      this.context.failed(error);
      exchange.rescue(error as Error);
    }
  }

  /** Of a request whose head is final, and of all after the first that is. False: leave it alone. */
  knowsHead(request: NodeRequest): boolean {
    this.headIsKnown ||= this.isKnown(unknownHead(request));
    return this.headIsKnown;
  }

  private knowsRequest(request: NodeRequest): boolean {
    this.requestIsKnown ||= this.isKnown(unknownRequest(request));
    return this.requestIsKnown;
  }

  private isKnown(otherwise: string | undefined): boolean {
    if (otherwise === undefined) return true;
    const message = `a call went its own way, because its request is none that the http hook knows: ${otherwise}`;
    this.context.log.line('warn', 'http.unknown-request', message, { node: process.version });
    return false;
  }

  private park(request: NodeRequest, options: AgentOptions, agent: ParkingAgent): void {
    const { app } = agent;
    request.agent = app;
    let exchange: Exchange | undefined;
    try {
      exchange = this.exchangeFor(request, options, agent);
    } catch (error) {
      this.context.failed(error);
    }
    if (exchange === undefined) {
      if (options['agent'] === (agent as unknown)) options['agent'] = app;
      app.addRequest(request, options);
    }
  }

  /** Undefined: the application's agent shall have it. */
  private exchangeFor(
    request: NodeRequest,
    options: AgentOptions,
    agent: ParkingAgent,
  ): Exchange | undefined {
    const scheme = agent.protocol === 'https:' ? 'https' : 'http';
    const host = options.host.startsWith('[') ? options.host.slice(1, -1) : options.host;
    const port = Number(options.port);
    const ownership = this.mesh.ownership(scheme, host, port);
    if (ownership === 'not-ours' || !this.knowsRequest(request) || !adopt(request)) return undefined;
    const exchange = new Exchange(this, request as MeshRequest, options, agent, scheme, host, port);
    if (request.destroyed) {
      request.onSocket(null);
      return exchange;
    }
    (request as MeshRequest)[kExchange] = exchange;
    exchange.start(ownership === 'ours');
    return exchange;
  }
}
