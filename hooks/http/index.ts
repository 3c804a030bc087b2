/**
 * `node:http` and `node:https`, client side.
 *
 * Patched: `http.request`, `http.get`, `https.request`, `https.get`, `http.Agent.prototype.destroy`; Node 18 to 26.
 * Off: `INMESH_HOOKS_OFF=http`, or by itself after five internal errors. Off, failing, or where a request is
 * none that it knows, calls go to the original with the original arguments; so does
 * every call to a host that is not the mesh's.
 */

import http = require('node:http');
import https = require('node:https');

import { syncBuiltinESMExports } from 'node:module';
import { URL } from 'node:url';
import type { Hook, HookContext } from '../hook';
import { isNativeRequest } from './internals';
import { socketsAreMocked } from './mocks';
import type { Parking } from './parking';
import type { AppAgent } from './parking-agent';
import { type RequestOptions, readTarget } from './target';
import { replace } from './wrap';

export const httpHook: Hook = {
  name: 'http',
  library: 'http, https (and all clients built on them)',
  versions: 'Node 18 – 26',
  symbols: ['http.request', 'http.get', 'https.request', 'https.get', 'http.Agent.prototype.destroy'],
  effect: 'Calls to mesh hosts are routed, balanced and retried; all others go to the original untouched.',
  install,
};

type Original = (...args: unknown[]) => http.ClientRequest;
type Module = Record<'request' | 'get', Original> & { readonly globalAgent: http.Agent };

function install(context: HookContext): void {
  const engine = new Engine(context);
  patch(http as unknown as Module, engine, isNativeRequest(http.request));
  patch(https as unknown as Module, engine, false);
  patchAgentDestroy(engine);
  syncBuiltinESMExports();
}

/** All that only calls to the mesh need: loaded with the first of them, from a file of its own (scripts/build.js). */
class Engine {
  parking: Parking | undefined;
  #parts: typeof import('./engine') | undefined;

  constructor(readonly context: HookContext) {}

  get parts(): typeof import('./engine') {
    this.#parts ??= require('./engine') as typeof import('./engine');
    return this.#parts;
  }

  /** May throw: its file may be gone. */
  start(): Parking {
    this.parking ??= new this.parts.Parking(this.context);
    return this.parking;
  }
}

/** `plain`: `request` is Node's own, so that our subclass may be constructed without passing somebody by. */
function patch(module: Module, engine: Engine, plain: boolean): void {
  const { request: originalRequest, get: originalGet } = module;

  function call(original: Original, self: unknown, args: IArguments, isGet: boolean): http.ClientRequest {
    const options = plan(engine, module, args);
    if (options === undefined) return Reflect.apply(original, self, args as unknown as unknown[]);
    const [input, second, third] = args as unknown as unknown[];
    if (isUrlLike(input)) {
      const callback = typeof second === 'function' ? second : third;
      return Reflect.apply(original, self, [input, options, callback]);
    }
    if (!plain) return Reflect.apply(original, self, [options, second]);
    const request = new engine.parts.MeshClientRequest(options, second) as unknown as http.ClientRequest;
    if (isGet) request.end();
    return request;
  }

  replace(module, 'request', function request(this: unknown) {
    return call(originalRequest, this, arguments, false);
  } as Original);
  replace(module, 'get', function get(this: unknown) {
    return call(originalGet, this, arguments, true);
  } as Original);
}

/** The options with our agent in them, or undefined: not ours, or none of our business. */
function plan(engine: Engine, module: Module, args: IArguments): object | undefined {
  const { context } = engine;
  if (!context.enabled()) return undefined;
  try {
    const target = readTarget(args[0], args[1], module.globalAgent);
    if (target === undefined) return undefined;
    if (context.mesh.ownership(target.scheme, target.host, target.port) === 'not-ours') return undefined;
    const parking = engine.parking ?? engine.start();
    if (socketsAreMocked()) {
      parking.leaveAlone('a mock of sockets');
      return undefined;
    }
    const options = (isUrlLike(args[0]) ? (typeof args[1] === 'function' ? undefined : args[1]) : args[0]) as
      | RequestOptions
      | undefined;
    const app = appAgent(parking, module, options);
    const agent = app === undefined ? undefined : parking.agentFor(app);
    return agent === undefined ? undefined : { ...options, agent };
  } catch (error) {
    context.failed(error);
    return undefined;
  }
}

/** The agent that Node would use; undefined where it would use none, or refuse. */
function appAgent(
  parking: Parking,
  module: Module,
  options: RequestOptions | undefined,
): AppAgent | undefined {
  const agent = options?.agent;
  const fallback = (options?._defaultAgent ?? module.globalAgent) as AppAgent;
  if (agent === false) return new (fallback.constructor as new () => AppAgent)();
  if (agent !== undefined && agent !== null) {
    return typeof (agent as AppAgent).addRequest === 'function' ? (agent as AppAgent) : undefined;
  }
  if (typeof options?.createConnection === 'function' && !isWebSockets(options.createConnection)) {
    parking.leaveAlone('createConnection');
    return undefined;
  }
  return fallback;
}

/** What `ws` sets where its user has not: plain `net.connect` or `tls.connect` with the path taken out. */
function isWebSockets(createConnection: object): boolean {
  const { name, length } = createConnection as { name?: unknown; length?: unknown };
  return length === 1 && (name === 'netConnect' || name === 'tlsConnect');
}

function isUrlLike(input: unknown): boolean {
  if (typeof input === 'string' || input instanceof URL) return true;
  const url = input as { href?: unknown; protocol?: unknown; auth?: unknown; path?: unknown };
  return Boolean(url.href && url.protocol && url.auth === undefined && url.path === undefined);
}

/** An application that destroys its agent expects its calls to end. */
function patchAgentDestroy(engine: Engine): void {
  const prototype = http.Agent.prototype as unknown as Record<'destroy', Original>;
  const original = prototype.destroy;
  replace(prototype, 'destroy', function destroy(this: AppAgent) {
    engine.parking?.closeAgent(this);
    return Reflect.apply(original, this, arguments);
  } as unknown as Original);
}
