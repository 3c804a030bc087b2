/** Every question of the client is a request with a name and middleware that makes the answer of it. */

import type { RegistryHub } from '../../src/registry';
import type { HookContext } from '../hook';
import { hubFor } from '../registry-hub';
import { safely } from '../safely';
import { type Questions, questionsFor } from './questions';
import type { ConsulRequest, Middleware, Next, Question } from './shapes';

interface ConsulPrototype {
  _get(this: Client, question: Question, ...middleware: unknown[]): unknown;
}

interface Client {
  readonly _opts?: { readonly baseUrl?: unknown };
}

export function patchConsul(exports: unknown, context: HookContext): void {
  const hub = hubFor(context);
  if (hub === undefined) return;
  const { prototype } = exports as { prototype: ConsulPrototype };
  const original = prototype._get;
  if (typeof original !== 'function') throw new Error('Consul has no _get');
  const questions = questionsFor(hub, context);
  // It is inherited from a client library that others use too: the patch is this class's own.
  Object.defineProperty(prototype, '_get', {
    configurable: true,
    writable: true,
    value: function _get(this: Client, question: Question, ...rest: unknown[]): unknown {
      const [middleware, ...others] = rest;
      if (!context.enabled() || typeof middleware !== 'function')
        return Reflect.apply(original, this, [question, ...rest]);
      const merging = safely(context, () =>
        mergingMiddleware(this, question, middleware as Middleware, questions, hub, context),
      );
      return Reflect.apply(original, this, [question, merging ?? middleware, ...others]);
    },
  });
}

/** The client's own middleware with the merged list in place of the body; undefined: the question is none of ours. */
function mergingMiddleware(
  client: Client,
  question: Question,
  middleware: Middleware,
  questions: Questions,
  hub: RegistryHub,
  context: HookContext,
): Middleware | undefined {
  const asked = questions.asked(String(client._opts?.baseUrl ?? ''), question);
  if (asked === undefined) return undefined;
  hub.lookedUp(asked.service);
  const ready = hub.ready(asked.service);
  return function merging(this: unknown, request: ConsulRequest, next: Next): void {
    const answer = () => {
      middleware.call(this, request, (stop, error, ...values) => {
        const result = safely(context, () => asked.answered(request, error, values));
        next(stop, ...(result ?? [error, ...values]));
      });
    };
    if (ready === undefined) answer();
    else ready.then(() => queueMicrotask(answer));
  };
}
