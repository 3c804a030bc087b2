/**
 * Express 4 and 5: the template of the route (`/orders/:id`) whose handler makes a call, for the `inmesh:call`
 * message and the log. Nothing else reads it.
 *
 * Patched in place: `use` and `route` of `express.Router` (when routes are defined), `Layer.prototype.handle_request`
 * (4) or `handleRequest` (5) once the first layer is seen. `Layer#handle` is untouched: others look at it.
 * Off, failed, or another version: routes are missing in reports, nothing else changes.
 *
 * Cost: the template travels in an AsyncLocalStorage. Where that is free per await (AsyncContextFrame, Node 24) it is
 * always on, about 0.4 µs a request. Below, every await of the process would cost 0.2 µs more, so it is on only while
 * somebody listens to `inmesh:call`.
 */

import { AsyncLocalStorage } from 'node:async_hooks';
import { channel } from 'node:diagnostics_channel';
import type { Hook, HookContext } from './hook';
import { registerLibraryHook } from './library';

type Handle = (this: Layer, request: Request, response: unknown, next: unknown) => unknown;

interface Layer {
  readonly route?: { readonly path: unknown };
}

interface Request {
  readonly baseUrl?: string;
}

type Define = (this: { readonly stack: Layer[] }, ...args: unknown[]) => unknown;
type RouterMethods = Record<'use' | 'route', Define>;

const callChannel = channel('inmesh:call');

/** Templates of mounted routers by layer. */
const mounts = new WeakMap<Layer, string>();
/** Per request: what the routers have matched so far -> its template. */
const baseTemplates = new WeakMap<Request, Map<string, string>>();
const patchedLayers = new WeakSet<object>();
let storage: AsyncLocalStorage<string> | undefined;
let alwaysOn = false;

/** The template of the inbound route being handled, in the async context of its handler. */
export function currentRoute(): string | undefined {
  return storage?.getStore();
}

export const expressHook: Hook = {
  name: 'express',
  library: 'Express',
  versions: '>=4.0.0 <6.0.0',
  symbols: [
    'express.Router.use',
    'express.Router.route',
    'Layer.prototype.handle_request',
    'Layer.prototype.handleRequest',
  ],
  effect:
    'Adds the template of the inbound route to `inmesh:call` messages and log lines (Node 24 and later: always; before: while the channel has a subscriber). Off: the template is missing.',
  install(context) {
    registerLibraryHook({
      package: 'express',
      versions: expressHook.versions,
      missing: 'calls are reported without the route they were made for',
      patch: (exports) => patchExpress(exports, context),
      failed: (error) => context.failed(error),
    });
  },
};

function patchExpress(exports: unknown, context: HookContext): void {
  const { Router } = exports as { Router: { prototype?: Partial<RouterMethods> } & Partial<RouterMethods> };
  const methods = typeof Router.prototype?.use === 'function' ? Router.prototype : Router;
  storage ??= new AsyncLocalStorage();
  // The storage of Node's async hooks has this field, the one of AsyncContextFrame has not.
  alwaysOn = !('kResourceStore' in storage);
  wrapDefinition(methods as RouterMethods, 'use', context);
  wrapDefinition(methods as RouterMethods, 'route', context);
}

/** After `router.use(path, …)` and `router.route(path)`: looks at the layers that were added. */
function wrapDefinition(methods: RouterMethods, name: 'use' | 'route', context: HookContext): void {
  const original = methods[name];
  const wrapped: Define = function (...args) {
    const before = this?.stack?.length ?? 0;
    const result = Reflect.apply(original, this, args);
    try {
      for (const layer of this.stack.slice(before)) {
        patchLayer(layer, context);
        if (name === 'use' && isTemplate(args[0])) mounts.set(layer, args[0].replace(/\/+$/, ''));
      }
    } catch (error) {
      context.failed(error);
    }
    return result;
  };
  methods[name] = like(original, wrapped);
}

function patchLayer(layer: Layer, context: HookContext): void {
  const prototype = Object.getPrototypeOf(layer);
  if (patchedLayers.has(prototype)) return;
  patchedLayers.add(prototype);
  const name = typeof prototype.handleRequest === 'function' ? 'handleRequest' : 'handle_request';
  const original: Handle = prototype[name];
  const wrapped: Handle = function (request, response, next) {
    if (!(alwaysOn || callChannel.hasSubscribers) || !context.enabled()) {
      return original.call(this, request, response, next);
    }
    let template: string | undefined;
    try {
      template =
        this.route === undefined ? enterMount(this, request) : routeTemplate(this.route.path, request);
    } catch (error) {
      context.failed(error);
    }
    if (template === undefined) return original.call(this, request, response, next);
    return storage!.run(template, callLayer, original, this, request, response, next);
  };
  prototype[name] = like(original, wrapped);
}

function callLayer(
  original: Handle,
  layer: Layer,
  request: Request,
  response: unknown,
  next: unknown,
): unknown {
  return original.call(layer, request, response, next);
}

/** `request.baseUrl` holds this mount's part already. Routers may leave and enter: the map is by what has matched. */
function enterMount(layer: Layer, request: Request): undefined {
  const template = mounts.get(layer);
  const { baseUrl } = request;
  if (template === undefined || typeof baseUrl !== 'string') return undefined;
  let bases = baseTemplates.get(request);
  // A mount without parameters is its own template, unless it is inside one that has some.
  if (bases === undefined && !template.includes(':')) return undefined;
  if (bases === undefined) {
    bases = new Map();
    baseTemplates.set(request, bases);
  }
  const parent = withoutSegments(baseUrl, template.split('/').length - 1);
  bases.set(baseUrl, (bases.get(parent) ?? parent) + template);
  return undefined;
}

/** A mount path whose segments are those of the URL, one for one; of others the URL itself is shown. */
function isTemplate(path: unknown): path is string {
  return typeof path === 'string' && /^\/[^*?+{}]+$/.test(path);
}

function withoutSegments(url: string, count: number): string {
  let end = url.length;
  for (let i = 0; i < count; i++) end = url.lastIndexOf('/', end - 1);
  return url.slice(0, Math.max(end, 0));
}

function routeTemplate(path: unknown, request: Request): string {
  const baseUrl = request.baseUrl ?? '';
  const base = baseTemplates.get(request)?.get(baseUrl) ?? baseUrl;
  const own = Array.isArray(path) ? path.map(String).join('|') : String(path);
  return base !== '' && own === '/' ? base : base + own;
}

/** A wrapper with the name and the arity of what it wraps: Express and others look at both. */
function like<T extends object>(original: T, wrapped: T): T {
  for (const property of ['name', 'length'] as const) {
    const descriptor = Object.getOwnPropertyDescriptor(original, property);
    if (descriptor !== undefined) Object.defineProperty(wrapped, property, descriptor);
  }
  return wrapped;
}
