/** One client's delta stream: what it asked for, what it has, and what to send next. */

import type { DeltaRequest, DeltaResponse } from '../../xds';
import { TYPE_URL } from '../../xds';
import { ClientStream, SERVED_TYPES, UnservedType } from './stream';
import type { Resource } from './view';

interface Watch {
  readonly names: Set<string>;
  /** Versions by name that the client has (or was just sent). */
  readonly known: Map<string, string>;
}

export class DeltaStream extends ClientStream<DeltaResponse, Watch> {
  /** Throws an Error (UnservedType, or a bad node) that must end the stream. */
  receive(request: DeltaRequest): void {
    const { typeUrl } = request;
    this.identify(request.node);
    if (request.errorDetail) this.events.refused(typeUrl, request.errorDetail.message);
    else if (request.responseNonce) this.events.accepted(typeUrl);
    if (!SERVED_TYPES.has(typeUrl)) throw new UnservedType(typeUrl);
    const first = !this.watches.has(typeUrl);
    const watch = this.watchOf(typeUrl, request.initialResourceVersions ?? {});
    const asked = (request.subscribe ?? []).filter((name) => name !== '*');
    for (const name of request.unsubscribe ?? []) {
      watch.names.delete(name);
      watch.known.delete(name);
    }
    for (const name of asked) {
      watch.names.add(name);
      // What is asked for again is sent again, except what the client said it still has.
      if (!first) watch.known.delete(name);
    }
    if (first || asked.length > 0) this.update(typeUrl, watch, true);
  }

  protected pushType(typeUrl: string, watch: Watch): number {
    return this.update(typeUrl, watch, false);
  }

  private watchOf(typeUrl: string, known: Readonly<Record<string, string>>): Watch {
    let watch = this.watches.get(typeUrl);
    if (!watch) {
      watch = { names: new Set(), known: new Map(Object.entries(known)) };
      this.watches.set(typeUrl, watch);
    }
    return watch;
  }

  /** Sends what the client lacks; an answer is sent even when empty. */
  private update(typeUrl: string, watch: Watch, answer: boolean): number {
    const current = this.current(typeUrl, watch);
    const resources: Resource[] = [];
    for (const [name, resource] of current) {
      if (!resource || watch.known.get(name) === resource.version) continue;
      resources.push(resource);
      watch.known.set(name, resource.version);
    }
    const removed = [...watch.known.keys()].filter((name) => !current.get(name));
    for (const name of removed) watch.known.delete(name);
    // A name that is asked for and does not exist is answered as removed.
    if (answer) removed.push(...[...watch.names].filter((name) => current.has(name) && !current.get(name)));
    const count = resources.length + removed.length;
    if (count === 0 && !answer) return 0;
    this.send({
      typeUrl,
      nonce: this.nextNonce(),
      systemVersionInfo: '',
      controlPlane: 'inmesh-dev',
      resources,
      removedResources: [...new Set(removed)],
    });
    this.events.sent(typeUrl, resources.length, removed.length);
    return count;
  }

  private current(typeUrl: string, watch: Watch): ReadonlyMap<string, Resource | undefined> {
    const { view } = this;
    if (typeUrl === TYPE_URL.cluster) return view.clusters();
    if (typeUrl === TYPE_URL.listener) return new Map();
    return new Map([...watch.names].map((name) => [name, view.resource(typeUrl, name)]));
  }
}
