import { setImmediate } from '../../src/observe/native';
import { safely } from '../safely';
import type { Child } from './convention';
import type { ClientNodes, Node } from './lists';
import type { Listed } from './tree';

/** How callbacks of the application are told. */
export interface Asker<D> {
  readonly wantsStat: boolean;
  told(done: D, names: readonly string[], stat: object | undefined): void;
  /** With what the client's own method would have said. */
  failed(done: D, said: readonly unknown[]): void;
}

/** One question for the children of a service's node. `W`: watchers, `D`: callbacks. */
export class Question<W, D> {
  #isTold = false;

  constructor(
    private readonly nodes: ClientNodes<W>,
    private readonly node: Node,
    private readonly watcher: W | undefined,
    private readonly asker: Asker<D>,
    private readonly done: D,
  ) {}

  /** Gives what the client's method does; undefined: it was not called. */
  ask(): unknown {
    const { node, nodes, watcher, asker } = this;
    const ready = nodes.ready(node);
    // Away from its server the client keeps questions until it is back: what is known is the better answer.
    if (nodes.tree.isAway && this.#isKnown()) {
      setImmediate(() => this.#fromMemory());
      return undefined;
    }
    const listed = (what: Listed) => {
      if (ready === undefined) this.#answered(what);
      else ready.then(() => queueMicrotask(() => this.#answered(what)));
    };
    return nodes.tree.list(node.path, watcher, listed, asker.wantsStat);
  }

  #answered(listed: Listed): void {
    const { node, asker, done } = this;
    if (this.#isTold || ('kept' in listed && !this.#isKnown())) return;
    this.#isTold = true;
    if ('kept' in listed) {
      this.#fromMemory();
      return;
    }
    if ('failed' in listed) {
      if (listed.failed === 'no-node') node.missing();
      if (listed.failed === 'away' && this.#isKnown()) this.#fromMemory();
      else if (listed.failed === 'no-node' && this.#meshNames().length > 0) this.#onlyMesh();
      else asker.failed(done, listed.said);
      return;
    }
    const { names, stat } = listed;
    if (node.isAsBefore(names)) {
      node.stat = stat ?? node.stat;
      asker.told(done, node.names(), stat);
      return;
    }
    this.#complete(names, (children) => {
      let merged = names;
      try {
        node.stat = stat ?? node.stat;
        node.heard(children);
        merged = node.names();
      } catch (failure) {
        this.nodes.context.failed(failure);
      }
      asker.told(done, merged, stat);
    });
  }

  /** The server could not be asked. */
  #fromMemory(): void {
    const { node, nodes, watcher } = this;
    let names: readonly string[] = [];
    try {
      node.service.failed();
      names = node.names();
      if (watcher !== undefined) nodes.tree.watch(node.path, watcher);
    } catch (error) {
      nodes.context.failed(error);
    }
    this.asker.told(this.done, names, node.stat);
  }

  /** The registry has no such node; when it comes, that is a change to who was told that it has children. */
  #onlyMesh(): void {
    const { node, nodes, watcher } = this;
    const { tree } = nodes;
    if (watcher !== undefined) tree.watch(node.path, watcher);
    if (!node.awaited) {
      node.awaited = true;
      const came = () => {
        node.awaited = false;
        nodes.fire(node.path);
      };
      tree.await(node.path, came, (isThere) => {
        if (isThere === undefined) node.awaited = false;
        else if (isThere) came();
      });
    }
    this.asker.told(this.done, node.names(), node.stat);
  }

  /** Where an address is in a child's data, that is read first, once: the mesh must not say twice what is there. */
  #complete(names: readonly string[], then: (children: readonly Child[]) => void): void {
    const { node } = this;
    const known = new Map(node.children.map((child) => [child.name, child]));
    const missing = node.convention.addressInData
      ? names.filter((name) => known.get(name)?.data === undefined)
      : [];
    let left = missing.length;
    const finish = () => then(names.map((name) => known.get(name) ?? { name }));
    if (left === 0) finish();
    for (const name of missing) {
      this.nodes.tree.read(`${node.path}/${name}`, (data) => {
        // Gone meanwhile: it has no address.
        known.set(name, data === undefined ? { name } : { name, data });
        if (--left === 0) finish();
      });
    }
  }

  #isKnown(): boolean {
    return this.node.isKnown || this.#meshNames().length > 0;
  }

  #meshNames(): readonly string[] {
    return safely(this.nodes.context, () => this.node.names()) ?? [];
  }
}
