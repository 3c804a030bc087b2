import { setImmediate } from '../../src/observe/native';
import type { HookContext } from '../hook';
import { replace } from '../http/wrap';
import { hubFor } from '../registry-hub';
import { safely } from '../safely';
import { ClientTree, type Originals } from './client-tree';
import { ClientNodes } from './lists';
import { type Asker, Question } from './question';
import type { ChildrenDone, DataDone, ExistsDone, Watcher, ZooKeeperClient } from './shapes';

type Method = (this: never, ...args: never[]) => unknown;
type Patched = 'getChildren' | 'getData' | 'exists' | 'close';

/** What the hook keeps of one client. */
interface Known {
  readonly nodes: ClientNodes<Watcher>;
  /** Of its servers, as the application gave it. */
  readonly address: string;
}

const ASKER: Asker<ChildrenDone> = {
  wantsStat: true,
  told: (done, names, stat) => done(null, names, stat),
  failed: (done, said) => done(...(said as Parameters<ChildrenDone>)),
};

/** `node-zookeeper-client`. */
export function patchZooKeeper(exports: unknown, context: HookContext): void {
  const hub = hubFor(context);
  if (hub === undefined) return;
  const library = exports as Record<'createClient', Method>;
  const { createClient } = library;
  const clients = new WeakMap<object, Known>();
  // Dubbo's clients close and make another when the server is away: what was known, and who watches, lives on until
  // the other has asked for itself.
  const closed = new Map<string, ClientNodes<Watcher>>();
  let original: Originals;
  replace(library, 'createClient', function (this: unknown) {
    const client = Reflect.apply(createClient, this, arguments) as ZooKeeperClient;
    try {
      if (original === undefined) patchClient(Object.getPrototypeOf(client));
      const tree = new ClientTree(client, () => original);
      const address = String(arguments[0]);
      const nodes = new ClientNodes(hub, context, tree, (path) => closed.get(address)?.give(path));
      clients.set(client, { nodes, address });
    } catch (error) {
      context.failed(error);
    }
    return client;
  } as Method);

  function patchClient(prototype: Record<Patched, Method>): void {
    const { getChildren, getData, exists, close } = prototype;
    original = { getChildren, getData, exists } as unknown as Originals;

    replace(prototype, 'getChildren', function (
      this: ZooKeeperClient,
      path: unknown,
      second: unknown,
      third: unknown,
    ) {
      const done = (third || second) as ChildrenDone;
      const isCall = typeof done === 'function' && context.enabled();
      const nodes = isCall ? clients.get(this)?.nodes : undefined;
      const node = nodes?.asked(path);
      if (nodes === undefined || node === undefined) return Reflect.apply(getChildren, this, arguments);
      const watcher = third && typeof second === 'function' ? (second as Watcher) : undefined;
      return new Question(nodes, node, watcher, ASKER, done).ask();
    } as Method);

    replace(prototype, 'getData', function (
      this: ZooKeeperClient,
      path: unknown,
      second: unknown,
      third: unknown,
    ) {
      const found = synthetic(this, path);
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
      const found = synthetic(this, path);
      const done = (third || second) as ExistsDone;
      if (found === undefined || typeof done !== 'function') return Reflect.apply(exists, this, arguments);
      setImmediate(() => done(null, found.stat));
    } as Method);

    replace(prototype, 'close', function (this: ZooKeeperClient) {
      safely(context, () => {
        const known = clients.get(this);
        if (known === undefined || known.nodes.isEmpty || closed.get(known.address) === known.nodes) return;
        closed.get(known.address)?.release();
        closed.set(known.address, known.nodes);
      });
      return Reflect.apply(close, this, arguments);
    } as Method);
  }

  function synthetic(client: object, path: unknown): ReturnType<ClientNodes<Watcher>['synthetic']> {
    if (typeof path !== 'string' || !context.enabled()) return undefined;
    return safely(context, () => clients.get(client)?.nodes.synthetic(path));
  }
}
