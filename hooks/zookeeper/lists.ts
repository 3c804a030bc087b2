import type { MeshInstance, RegistryHub, RegistryService, Shape } from '../../src/registry';
import type { HookContext } from '../hook';
import { type Child, type Convention, conventionOf } from './convention';
import type { Tree } from './tree';

/** A child in a list: the registry's, or an instance that is yet to be written as the registry's others are. */
interface Entry extends Child {
  readonly instance?: MeshInstance;
  readonly meshWeight?: number;
}

interface Made {
  readonly weight: number;
  readonly siblings: readonly Child[];
  readonly children: readonly Child[];
}

const NO_CHILDREN: readonly Child[] = [];
let clients = 0;

/** One node whose children are instances. */
export class Node {
  /** The registry's children, as last heard. */
  children = NO_CHILDREN;
  /** The registry has the node, as far as is known. */
  isKnown = false;
  /** A real stat, to make others like it. */
  stat: object | undefined;
  /** The registry has no such node: somebody looks whether it comes. */
  awaited = false;
  /** Nodes that are not the registry's, by name. */
  readonly #synthetic = new Map<string, string>();
  /** Nodes made of instances, as long as nothing that they are made of changes. */
  readonly #made = new WeakMap<MeshInstance, Made>();
  #handedOut = '';
  /** Handed out last, and the service's revision then. */
  #names: readonly string[] = [];
  #revision = -1;
  readonly #shape: Shape<Entry>;

  constructor(
    readonly path: string,
    readonly convention: Convention,
    readonly service: RegistryService,
    private readonly hub: RegistryHub,
  ) {
    this.#shape = {
      key: (entry) => entry.instance?.key ?? convention.key(entry),
      weight: (entry) => entry.meshWeight ?? convention.weight(entry),
      make: (instance, weight) => ({ name: '', instance, meshWeight: weight }),
    };
  }

  heard(children: readonly Child[]): void {
    this.isKnown = true;
    this.#heard(children);
  }

  /** The registry says that it has no such node. */
  missing(): void {
    this.isKnown = false;
    this.#heard(NO_CHILDREN);
  }

  adopt({ children, stat }: Node): void {
    this.stat = stat;
    this.heard(children);
  }

  #heard(children: readonly Child[]): void {
    const { children: before } = this;
    const isSame = children.length === before.length && children.every((child, i) => child === before[i]);
    if (!isSame) this.children = children;
    this.service.heard(children.flatMap((child) => this.convention.key(child) ?? []));
  }

  /** Names of the children to hand out. */
  names(): string[] {
    if (this.#revision !== this.service.revision) {
      this.#names = this.#merge();
      this.#handedOut = this.#names.join(' ');
      this.#revision = this.service.revision;
    }
    return this.#names.slice();
  }

  /** The registry says what it said before, and nothing else has changed either. */
  isAsBefore(names: readonly string[]): boolean {
    const { children } = this;
    if (!this.isKnown || this.#revision !== this.service.revision || names.length !== children.length)
      return false;
    for (let i = 0; i < names.length; i++) {
      const { name, data } = children[i]!;
      if (name !== names[i] || (data === undefined && this.convention.addressInData)) return false;
    }
    return true;
  }

  /** Other children would be handed out now than were last. */
  get isChanged(): boolean {
    return this.#merge().join(' ') !== this.#handedOut;
  }

  /** Data of a child that is not the registry's; or of one that is, `isAway`: while that cannot be asked. */
  synthetic(name: string, isAway: boolean): string | undefined {
    const data = this.#synthetic.get(name);
    return data === undefined && isAway ? this.children.find((child) => child.name === name)?.data : data;
  }

  #merge(): string[] {
    const merged = this.service.merge<Entry>(this.children, this.#shape);
    this.#synthetic.clear();
    return merged.flatMap((entry) => {
      if (entry.instance === undefined) return entry.name;
      const made = this.#make(entry.instance, entry.meshWeight ?? 1);
      for (const { name, data } of made) this.#synthetic.set(name, data ?? '');
      return made.map(({ name }) => name);
    });
  }

  #make(instance: MeshInstance, weight: number): readonly Child[] {
    const known = this.#made.get(instance);
    if (known !== undefined && known.weight === weight && known.siblings === this.children)
      return known.children;
    const { children: siblings, convention, hub } = this;
    const children = convention.make(instance, weight, siblings, hub.metadata(instance));
    this.#made.set(instance, { weight, siblings, children });
    return children;
  }
}

/** The nodes of one client that the hook cares about. `W`: what watches a node's children. */
export class ClientNodes<W> {
  readonly #nodes = new Map<string, Node | null>();
  readonly #id = String(++clients);

  constructor(
    private readonly hub: RegistryHub,
    readonly context: HookContext,
    readonly tree: Tree<W>,
    /** What a client before this one knew of a node. */
    private readonly inherit?: (path: string) => Node | undefined,
  ) {}

  /** The application asks for the children of a path. undefined: it is not to be answered by the hook. */
  asked(path: unknown): Node | undefined {
    if (typeof path !== 'string') return undefined;
    try {
      const node = this.node(path);
      if (node !== undefined) this.hub.lookedUp(node.service);
      return node;
    } catch (error) {
      this.context.failed(error);
      return undefined;
    }
  }

  /** A promise as long as a first answer has to wait for the mesh. */
  ready(node: Node): Promise<void> | undefined {
    return this.hub.ready(node.service);
  }

  /** undefined: the path is none of a service, or no mesh host stands for the service. */
  node(path: string): Node | undefined {
    const known = this.#nodes.get(path);
    if (known !== undefined) return known ?? undefined;
    const convention = conventionOf(path);
    if (convention === undefined) return undefined;
    const service = this.hub.service(convention.service, `${this.#id} ${path}`);
    const node = service === undefined ? null : new Node(path, convention, service, this.hub);
    this.#nodes.set(path, node);
    const before = this.inherit?.(path);
    if (before?.isKnown) node?.adopt(before);
    service?.onChange(() => {
      if (node?.isChanged && this.context.enabled()) this.fire(path);
    });
    return node ?? undefined;
  }

  /** Data and stat of a node that is not the registry's, or cannot be asked for: the client would keep the question. */
  synthetic(path: string): { readonly data: Buffer; readonly stat: object } | undefined {
    const at = path.lastIndexOf('/');
    const node = this.#nodes.get(path.slice(0, at));
    const text = node?.synthetic(path.slice(at + 1), this.tree.isAway);
    if (text === undefined) return undefined;
    const data = Buffer.from(text);
    return { data, stat: this.tree.stat(node?.stat, data.length) };
  }

  /** The watchers of the node's children hear that they have changed. */
  fire(path: string): void {
    this.tree.fire(path);
  }

  get isEmpty(): boolean {
    return this.#nodes.size === 0;
  }

  /** Its lists are nobody's any more. */
  release(): void {
    for (const node of this.#nodes.values()) if (node !== null) this.hub.release(node.service);
    this.#nodes.clear();
  }

  /** Gives a node up to the client after this one. */
  give(path: string): Node | undefined {
    const node = this.#nodes.get(path) ?? undefined;
    if (node === undefined) return undefined;
    this.#nodes.delete(path);
    this.hub.release(node.service);
    return node;
  }
}
