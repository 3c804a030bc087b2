import { setImmediate } from '../../src/observe/native';
import type { HookContext } from '../hook';
import { replace } from '../http/wrap';
import { hubFor } from '../registry-hub';
import type { Child } from './convention';
import { ClientNodes, type Node } from './lists';
import { type ChildrenDone, type DataDone, NO_NODE, type Watcher, type ZooKeeperClient } from './shapes';

type Method = (this: never, ...args: never[]) => unknown;

export function patchZooKeeper(exports: unknown, context: HookContext): void {
  const hub = hubFor(context);
  if (hub === undefined) return;
  const library = exports as Record<'createClient', Method>;
  const { createClient } = library;
  const nodes = new WeakMap<object, ClientNodes>();
  let patched = false;
  replace(library, 'createClient', function (this: unknown) {
    const client = Reflect.apply(createClient, this, arguments) as ZooKeeperClient;
    try {
      nodes.set(client, new ClientNodes(hub, context, client));
      if (!patched) patchClient(Object.getPrototypeOf(client), nodes, context);
      patched = true;
    } catch (error) {
      context.failed(error);
    }
    return client;
  } as Method);

  function patchClient(
    prototype: Record<'getChildren' | 'getData' | 'exists', Method>,
    known: WeakMap<object, ClientNodes>,
    { enabled }: HookContext,
  ): void {
    const { getChildren, getData, exists } = prototype;
    const isOn = () => enabled.call(context);
    const original = { getChildren, getData, exists } as unknown as Originals;

    replace(prototype, 'getChildren', function (
      this: ZooKeeperClient,
      path: unknown,
      second: unknown,
      third: unknown,
    ) {
      const own = known.get(this);
      const node =
        own !== undefined && typeof path === 'string' && isOn() ? find(() => own.node(path)) : undefined;
      const done = (third || second) as ChildrenDone;
      if (own === undefined || node === undefined || typeof done !== 'function')
        return Reflect.apply(getChildren, this, arguments);
      const watcher = third && typeof second === 'function' ? (second as Watcher) : undefined;
      find(() => hub!.lookedUp(node.service));
      new Question(this, own, node, original, context).ask(watcher, done, hub!.ready(node.service));
    } as Method);

    replace(prototype, 'getData', function (
      this: ZooKeeperClient,
      path: unknown,
      second: unknown,
      third: unknown,
    ) {
      const found =
        typeof path === 'string' && isOn() ? find(() => known.get(this)?.synthetic(path)) : undefined;
      const done = (third || second) as DataDone;
      if (found === undefined || typeof done !== 'function') return Reflect.apply(getData, this, arguments);
      setImmediate(() => done(null, found.data, found.stat));
    } as Method);

    replace(prototype, 'exists', function (
      this: ZooKeeperClient,
      path: unknown,
      second: unknown,
      third: unknown,
    ) {
      const found =
        typeof path === 'string' && isOn() ? find(() => known.get(this)?.synthetic(path)) : undefined;
      const done = (third || second) as (error: null, stat: object) => void;
      if (found === undefined || typeof done !== 'function') return Reflect.apply(exists, this, arguments);
      setImmediate(() => done(null, found.stat));
    } as Method);
  }

  function find<T>(action: () => T): T | undefined {
    try {
      return action();
    } catch (error) {
      context.failed(error);
      return undefined;
    }
  }
}

interface Originals {
  getChildren: ZooKeeperClient['getChildren'];
  getData: ZooKeeperClient['getData'];
  exists: ZooKeeperClient['exists'];
}

/** One question for the children of a service's node. */
class Question {
  constructor(
    private readonly client: ZooKeeperClient,
    private readonly nodes: ClientNodes,
    private readonly node: Node,
    private readonly original: Originals,
    private readonly context: HookContext,
  ) {}

  ask(watcher: Watcher | undefined, done: ChildrenDone, ready: Promise<void> | undefined): void {
    const { client, node } = this;
    // Away from its server the client keeps questions until it is back: what is known is the better answer.
    if (
      client.getState().name === 'DISCONNECTED' &&
      (node.stat !== undefined || this.meshNames() !== undefined)
    ) {
      node.service.failed();
      this.watch(watcher);
      setImmediate(() => done(null, node.names(), node.stat));
      return;
    }
    const answered: ChildrenDone = (error, children, stat) => {
      const answer = () => this.answered(error, children, stat, watcher, done);
      if (ready === undefined) answer();
      else ready.then(() => queueMicrotask(answer));
    };
    this.original.getChildren.call(client, node.path, watcher, answered);
  }

  private answered(
    error: Parameters<ChildrenDone>[0],
    children: string[] | undefined,
    stat: object | undefined,
    watcher: Watcher | undefined,
    done: ChildrenDone,
  ): void {
    const { node } = this;
    if (error || !Array.isArray(children)) {
      const names = error?.getCode?.() === NO_NODE ? this.meshNames() : undefined;
      if (names === undefined) {
        done(error, children, stat);
        return;
      }
      this.watch(watcher);
      this.await();
      done(null, names, node.stat);
      return;
    }
    this.complete(children, (complete) => {
      let names = children;
      try {
        node.stat = stat;
        node.heard(complete);
        names = node.names();
      } catch (failure) {
        this.context.failed(failure);
      }
      done(null, names, stat);
    });
  }

  /** Where an address is in a child's data, that is read first, once: the mesh must not say twice what is there. */
  private complete(names: readonly string[], then: (children: readonly Child[]) => void): void {
    const { node } = this;
    const known = new Map(node.children.map((child) => [child.name, child]));
    const missing = node.convention.addressInData
      ? names.filter((name) => known.get(name)?.data === undefined)
      : [];
    let left = missing.length;
    const finish = () => then(names.map((name) => known.get(name) ?? { name }));
    if (left === 0) finish();
    for (const name of missing) {
      this.original.getData.call(this.client, `${node.path}/${name}`, undefined, (error, data) => {
        // Gone meanwhile: it has no address.
        known.set(name, error || data === undefined ? { name } : { name, data: data.toString() });
        if (--left === 0) finish();
      });
    }
  }

  /** Names of the mesh's, where the registry has no answer; undefined when there are none. */
  private meshNames(): string[] | undefined {
    try {
      const names = this.node.names();
      return names.length === 0 ? undefined : names;
    } catch (error) {
      this.context.failed(error);
      return undefined;
    }
  }

  /** The client sets watchers only on answers of its server. */
  private watch(watcher: Watcher | undefined): void {
    if (watcher !== undefined) this.client.connectionManager.registerChildWatcher(this.node.path, watcher);
  }

  /** The node is not there; when it comes, that is a change of its children to who was told that it has some. */
  private await(): void {
    const { node, client } = this;
    if (node.awaited) return;
    node.awaited = true;
    const came = () => {
      node.awaited = false;
      this.nodes.fire(node.path);
    };
    this.original.exists.call(client, node.path, came, (error, stat) => {
      if (error) node.awaited = false;
      else if (stat) came();
    });
  }
}
