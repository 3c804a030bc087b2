import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DubboServices, RevisionResolver } from '../../../../src/bridge/dubbo';
import type { RegistryService } from '../../../../src/bridge/model';
import { Applications } from '../../../../src/bridge/source/zookeeper/applications';
import { InterfaceLevel } from '../../../../src/bridge/source/zookeeper/interfaces';
import { PlainServices } from '../../../../src/bridge/source/zookeeper/plain-services';
import { Problems } from '../../../../src/bridge/source/zookeeper/problems';
import type { Following, Room, Tree } from '../../../../src/bridge/source/zookeeper/room';
import { Rules } from '../../../../src/bridge/source/zookeeper/rules';

const RECORDED = join(__dirname, '../../../../fixtures/recorded/registries/zookeeper');

/** By path as stored. */
export type Nodes = Readonly<Record<string, string>>;

/** A recording of a whole tree. */
export function recorded(name: string): Nodes {
  if (name.endsWith('.txt')) return fromText(readFileSync(join(RECORDED, name), 'utf8'));
  const nodes = JSON.parse(readFileSync(join(RECORDED, `${name}.json`), 'utf8')) as {
    path: string;
    raw?: string;
    data: unknown;
    rawData?: string;
  }[];
  return Object.fromEntries(
    nodes.map(({ path, raw, data, rawData }) => [raw ?? path, rawData ?? String(data)]),
  );
}

function fromText(text: string): Nodes {
  const nodes: Record<string, string> = {};
  let last = '';
  for (const line of text.split('\n')) {
    const [, path] = /^[EP] v\d+ (.*)$/.exec(line) ?? [];
    const [, data] = /^ {6}data (.*)$/.exec(line) ?? [];
    if (path) {
      last = path.replace(
        /\/(providers|configurators)\/(.+)$/,
        (_, list, url) => `/${list}/${encodeURIComponent(url)}`,
      );
      nodes[last] = '';
    } else if (data) nodes[last] = data;
  }
  return nodes;
}

/** A tree in memory that tells its followers at once. */
export class MemoryTree implements Tree {
  private readonly followers = new Set<() => void>();

  constructor(private nodes: Nodes) {}

  replace(nodes: Nodes): void {
    this.nodes = nodes;
    for (const tell of [...this.followers]) if (this.followers.has(tell)) tell();
  }

  children(path: string, changed: (names: readonly string[] | undefined) => void): Following {
    return this.follow(() => {
      const below = Object.keys(this.nodes).filter((node) => node.startsWith(`${path}/`));
      const names = new Set(below.map((node) => node.slice(path.length + 1).split('/')[0]!));
      changed(below.length > 0 || path in this.nodes ? [...names] : undefined);
    });
  }

  data(path: string, changed: (data: Buffer | undefined) => void): Following {
    return this.follow(() => {
      const data = this.nodes[path];
      changed(data === undefined ? undefined : Buffer.from(data));
    });
  }

  read(path: string): string | undefined {
    return this.nodes[path];
  }

  private follow(tell: () => void): Following {
    this.followers.add(tell);
    tell();
    return { end: () => void this.followers.delete(tell) };
  }
}

/** Everything of the source between the tree and the sink, with a clock that is moved by hand and no delay of removals. */
export class Reading {
  readonly services = new Map<string, RegistryService>();
  readonly problems = new Map<string, string>();
  readonly tree: MemoryTree;
  private readonly dubbo = new DubboServices();
  private readonly plain = new PlainServices();
  private readonly resolver: RevisionResolver;
  private readonly parts: { end(): void }[];

  constructor(nodes: Nodes) {
    this.tree = new MemoryTree(nodes);
    const problems = new Problems({
      problem: (service, instance, problem) => {
        const key = instance === undefined ? service : `${service} ${instance}`;
        if (problem) this.problems.set(key, problem.reason);
        else this.problems.delete(key);
      },
    });
    const room: Room = {
      feed: this.tree,
      problems,
      holding: { now: () => 0, hold: () => 0 },
      changed: () => undefined,
    };
    let applications: Applications | undefined;
    this.resolver = new RevisionResolver({
      stored: async (application, revision) => this.tree.read(`/dubbo/metadata/${application}/${revision}`),
      retryBaseMs: 1,
      retryCapMs: 1,
      random: () => 0.5,
      settled: (owners, result) => applications?.settled(owners, result),
    });
    applications = new Applications(
      room,
      { plain: this.plain, dubbo: { services: this.dubbo, resolver: this.resolver } },
      '/services',
    );
    this.parts = [
      applications,
      new InterfaceLevel(room, this.dubbo, '/dubbo'),
      new Rules(room, this.dubbo, '/dubbo/config/dubbo'),
    ];
  }

  /** Lets pending revisions be read and reports what changed. */
  async settle(): Promise<this> {
    await this.resolver.idle();
    const changes = {
      update: (service: RegistryService) => void this.services.set(service.key, service),
      remove: (key: string) => void this.services.delete(key),
    };
    this.dubbo.flush(changes);
    this.plain.flush(changes);
    return this;
  }

  /** The keys of all services, sorted, and with `of` what is asked of each instance. */
  seen<T>(of: (instance: RegistryService['instances'][number]) => T): Record<string, T[]> {
    return Object.fromEntries(
      [...this.services.values()]
        .sort((a, b) => (a.key < b.key ? -1 : 1))
        .map(({ key, instances }) => [key, instances.map(of)]),
    );
  }

  end(): void {
    for (const part of this.parts) part.end();
    this.resolver.close();
  }
}
