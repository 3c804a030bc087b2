import { setImmediate } from '../../src/observe/native';
import type { HookContext } from '../hook';
import { safely } from '../safely';
import type { Child } from './convention';
import type { ClientNodes, Node } from './lists';
import type { Listed, Tree } from './tree';

/** How the application is told. */
export interface Asker {
  told(names: readonly string[], stat: object | undefined): void;
  /** With what the client's own method would have said. */
  failed(said: readonly unknown[]): void;
}

/** One question for the children of a service's node. */
export class Question<W> {
  #isTold = false;

  constructor(
    private readonly tree: Tree<W>,
    private readonly nodes: ClientNodes,
    private readonly node: Node,
    private readonly context: HookContext,
  ) {}

  /** `ready`: the first answer waits for the mesh. Gives what the client's method does; undefined: it was not called. */
  ask(watcher: W | undefined, asker: Asker, ready: Promise<void> | undefined): unknown {
    const { tree, node } = this;
    // Away from its server the client keeps questions until it is back: what is known is the better answer.
    if (tree.isAway && this.#isKnown()) {
      setImmediate(() => this.#fromMemory(watcher, asker));
      return undefined;
    }
    return tree.list(node.path, watcher, (listed) => {
      const answer = () => this.#answered(listed, watcher, asker);
      if (ready === undefined) answer();
      else ready.then(() => queueMicrotask(answer));
    });
  }

  #answered(listed: Listed, watcher: W | undefined, asker: Asker): void {
    const { node } = this;
    if (this.#isTold || ('kept' in listed && !this.#isKnown())) return;
    this.#isTold = true;
    if ('kept' in listed) {
      this.#fromMemory(watcher, asker);
      return;
    }
    if ('failed' in listed) {
      if (listed.failed === 'no-node') node.missing();
      if (listed.failed === 'away' && this.#isKnown()) this.#fromMemory(watcher, asker);
      else if (listed.failed === 'no-node' && this.#meshNames().length > 0) this.#onlyMesh(watcher, asker);
      else asker.failed(listed.said);
      return;
    }
    const { names, stat } = listed;
    if (node.isAsBefore(names)) {
      node.stat = stat ?? node.stat;
      asker.told(node.names(), stat);
      return;
    }
    this.#complete(names, (children) => {
      let merged = names;
      try {
        node.stat = stat ?? node.stat;
        node.heard(children);
        merged = node.names();
      } catch (failure) {
        this.context.failed(failure);
      }
      asker.told(merged, stat);
    });
  }

  /** The server could not be asked. */
  #fromMemory(watcher: W | undefined, asker: Asker): void {
    const { node, tree } = this;
    let names: readonly string[] = [];
    try {
      node.service.failed();
      names = node.names();
      if (watcher !== undefined) tree.watch(node.path, watcher);
    } catch (error) {
      this.context.failed(error);
    }
    asker.told(names, node.stat);
  }

  /** The registry has no such node; when it comes, that is a change to who was told that it has children. */
  #onlyMesh(watcher: W | undefined, asker: Asker): void {
    const { node, nodes, tree } = this;
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
    asker.told(node.names(), node.stat);
  }

  /** Where an address is in a child's data, that is read first, once: the mesh must not say twice what is there. */
  #complete(names: readonly string[], then: (children: readonly Child[]) => void): void {
    const { node, tree } = this;
    const known = new Map(node.children.map((child) => [child.name, child]));
    const missing = node.convention.addressInData
      ? names.filter((name) => known.get(name)?.data === undefined)
      : [];
    let left = missing.length;
    const finish = () => then(names.map((name) => known.get(name) ?? { name }));
    if (left === 0) finish();
    for (const name of missing) {
      tree.read(`${node.path}/${name}`, (data) => {
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
    return safely(this.context, () => this.node.names()) ?? [];
  }
}
