/** One client's state-of-the-world stream: every answer of a type holds all that is asked for. */

import type { SotwRequest, SotwResponse } from '../../xds';
import { TYPE_URL } from '../../xds';
import { ClientStream, SERVED_TYPES, UnservedType } from './stream';
import type { Resource } from './view';

interface Watch {
  names: readonly string[];
  /** Versions of all that was sent last, joined. */
  sent: string;
  nonce: string;
}

export class SotwStream extends ClientStream<SotwResponse, Watch> {
  /** Throws an Error (UnservedType, or a bad node) that must end the stream. */
  receive(request: SotwRequest): void {
    const { typeUrl, resourceNames = [] } = request;
    this.identify(request.node);
    if (!SERVED_TYPES.has(typeUrl)) throw new UnservedType(typeUrl);
    const watch = this.watches.get(typeUrl);
    if (request.errorDetail) {
      this.events.refused(typeUrl, request.errorDetail.message);
      return;
    }
    if (!watch || !request.responseNonce) {
      const started: Watch = { names: resourceNames, sent: '', nonce: '' };
      this.watches.set(typeUrl, started);
      this.answer(typeUrl, started);
      return;
    }
    // An answer to an older push says nothing about the present one.
    if (request.responseNonce !== watch.nonce) return;
    this.events.accepted(typeUrl);
    const asked = new Set(watch.names);
    const more = resourceNames.some((name) => !asked.has(name));
    watch.names = resourceNames;
    if (more) this.answer(typeUrl, watch);
  }

  protected pushType(typeUrl: string, watch: Watch): number {
    return versionsOf(this.current(typeUrl, watch)) === watch.sent ? 0 : this.answer(typeUrl, watch);
  }

  private answer(typeUrl: string, watch: Watch): number {
    const resources = this.current(typeUrl, watch);
    watch.sent = versionsOf(resources);
    watch.nonce = this.nextNonce();
    this.send({
      typeUrl,
      nonce: watch.nonce,
      versionInfo: watch.nonce,
      controlPlane: 'inmesh-dev',
      resources,
    });
    this.events.sent(typeUrl, resources.length, 0);
    return resources.length;
  }

  private current(typeUrl: string, watch: Watch): Resource[] {
    const { view } = this;
    if (typeUrl === TYPE_URL.cluster) return [...view.clusters().values()];
    if (typeUrl === TYPE_URL.listener) return [];
    return watch.names.flatMap((name) => view.resource(typeUrl, name) ?? []);
  }
}

function versionsOf(resources: readonly Resource[]): string {
  return resources.map(({ name, version }) => `${name} ${version}`).join('\n');
}
