/** The interface level: `<root>/<interface>/providers/<URL>`, one node for each provider and protocol. */

import {
  type DubboServices,
  decodeDubboUrl,
  LastingParams,
  type Provider,
  providerFromUrl,
  providerKey,
  startOf,
  withKnownProviders,
} from '../../dubbo';
import type { RegistryInstance } from '../../model';
import { Holding } from './holding';
import type { Following, Room } from './room';

/** Children of the root that are no interfaces; the metadata centre and the mapping are never cleaned, and not needed here. */
export const NO_INTERFACES: ReadonlySet<string> = new Set(['config', 'mapping', 'metadata']);

interface Followed {
  readonly follower: Following;
  readonly providers: Holding<Provider>;
}

export class InterfaceLevel {
  private readonly root: Following;
  private readonly interfaces: Holding<Followed>;

  constructor(
    private readonly room: Room,
    private readonly services: DubboServices,
    private readonly path: string,
  ) {
    this.interfaces = new Holding<Followed>({
      ...room.holding,
      gone: (gone) => {
        for (const [name, followed] of gone) this.forget(name, followed);
      },
    });
    this.root = room.feed.children(path, (names = []) => this.follow(names));
  }

  end(): void {
    this.root.end();
    for (const { follower, providers } of this.interfaces.values()) {
      follower.end();
      providers.end();
    }
    this.interfaces.end();
  }

  private follow(names: readonly string[]): void {
    const present = new Map<string, Followed>();
    for (const name of names)
      if (!NO_INTERFACES.has(name)) present.set(name, this.interfaces.get(name) ?? this.begin(name));
    this.interfaces.set(present);
  }

  private begin(name: string): Followed {
    const providers = new Holding<Provider>({
      ...this.room.holding,
      gone: () => this.report(name, providers),
    });
    const follower = this.room.feed.children(`${this.path}/${name}/providers`, (urls = []) => {
      providers.set(this.read(name, urls, providers.values()));
      this.report(name, providers);
    });
    return { follower, providers };
  }

  private report(name: string, providers: Holding<Provider>): void {
    this.services.setProviders('interface', name, providers.values());
    this.room.changed();
  }

  private forget(name: string, { follower, providers }: Followed): void {
    follower.end();
    providers.end();
    this.services.setProviders('interface', name, []);
    this.room.problems.set(this.serviceOf(name), undefined, undefined);
    this.room.changed();
  }

  /** Providers by service and address. Of two URLs for one address the later start counts: the other is about to go. */
  private read(name: string, nodes: readonly string[], known: readonly Provider[]): Map<string, Provider> {
    const path = decoded(name);
    const lasting = new LastingParams();
    const found = new Map<string, { readonly provider: Provider; readonly start: number }>();
    let unreadable: string | undefined;
    for (const node of [...nodes].sort()) {
      const url = decodeDubboUrl(node);
      if (!url) unreadable ??= node;
      if (!url) continue;
      const provider = providerFromUrl(url, path, lasting);
      if (!isProvider(provider.instance)) continue;
      const key = providerKey(provider);
      const start = startOf(url);
      if (start >= (found.get(key)?.start ?? Number.NEGATIVE_INFINITY)) found.set(key, { provider, start });
    }
    const reason =
      unreadable &&
      `its provider \`${unreadable.slice(0, 200)}\` is not a URL: it is left out; remove the node`;
    this.room.problems.set(this.serviceOf(name), undefined, reason);
    const providers = [...found.values()].map(({ provider }) => provider);
    return new Map(withKnownProviders(known, providers).map((provider) => [providerKey(provider), provider]));
  }

  private serviceOf(name: string): string {
    return `${this.path}/${name}`;
  }
}

/** `empty://` stands for no provider at all. */
function isProvider({ protocol, metadata }: RegistryInstance): boolean {
  const { category = 'providers', side = 'provider' } = metadata;
  return protocol !== 'empty' && category === 'providers' && side === 'provider';
}

/** Interface names with characters of their own are percent-encoded. */
function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch (error) {
    if (error instanceof URIError) return name;
    throw error;
  }
}
