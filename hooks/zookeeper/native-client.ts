import { setImmediate } from '../../src/observe/native';
import type { HookContext } from '../hook';
import { replace } from '../http/wrap';
import { hubFor } from '../registry-hub';
import { safely } from '../safely';
import { OK } from './codes';
import { ClientNodes } from './lists';
import {
  type NativeClient,
  type NativeDataDone,
  type NativeOriginals,
  type NativeStatDone,
  type NativeWatcher,
  nativeStat,
} from './native-shapes';
import { NativeTree } from './native-tree';
import { type Asker, Question } from './question';

type Method = (this: never, ...args: never[]) => unknown;
type Prototype = Record<string, Method>;
type Done = (...said: unknown[]) => void;

/** What the hook keeps of one client. */
interface Known {
  readonly tree: NativeTree;
  readonly nodes: ClientNodes;
}

/** `zookeeper`, the binding of the C client. Its promises (`get_children`, `w_get`, …) are made of these methods. */
export function patchNativeZooKeeper(exports: unknown, context: HookContext): void {
  const hub = hubFor(context);
  if (hub === undefined) return;
  const prototype = owner((exports as { prototype: object }).prototype);
  const original = { ...methods(prototype) } as unknown as NativeOriginals;
  const clients = new WeakMap<object, Known>();

  for (const [name, hasStat] of [
    ['get_children', false],
    ['get_children2', true],
  ] as const) {
    for (const prefix of ['a_', 'aw_'] as const) patchChildren(`${prefix}${name}`, prefix === 'aw_', hasStat);
  }
  for (const name of ['a_get', 'aw_get'])
    patchSynthetic(name, (client, { data, stat }, done: NativeDataDone) =>
      done(OK, 'ok', stat, client.encoding ? data.toString(client.encoding) : data),
    );
  for (const name of ['a_exists', 'aw_exists'])
    patchSynthetic(name, (_client, { stat }, done: NativeStatDone) => done(OK, 'ok', stat));

  /** `watches`: the second argument is a watcher, not whether the client's own events tell. */
  function patchChildren(name: string, watches: boolean, hasStat: boolean): void {
    const method = prototype[name]!;
    replace(prototype, name, function (this: NativeClient, path: unknown, watch: unknown, done: unknown) {
      const known =
        typeof path === 'string' && context.enabled() ? safely(context, () => knownOf(this)) : undefined;
      const node = known === undefined ? undefined : safely(context, () => known.nodes.node(path as string));
      const isCall = typeof done === 'function' && (!watches || typeof watch === 'function');
      if (known === undefined || node === undefined || !isCall) return Reflect.apply(method, this, arguments);
      safely(context, () => hub!.lookedUp(node.service));
      const everyone = watch ? known.tree.everyone : undefined;
      const watcher = watches ? (watch as NativeWatcher) : everyone;
      const rc = new Question(known.tree, known.nodes, node, context).ask(
        watcher,
        asker(done as Done, hasStat),
        hub!.ready(node.service),
      );
      return rc ?? OK;
    } as Method);
  }

  function patchSynthetic<D>(
    name: string,
    answer: (client: NativeClient, found: { data: Buffer; stat: object }, done: D) => void,
  ): void {
    const method = prototype[name]!;
    replace(prototype, name, function (this: NativeClient, path: unknown, _watch: unknown, done: unknown) {
      const found =
        typeof path === 'string' && context.enabled()
          ? safely(context, () => clients.get(this)?.nodes.synthetic(path))
          : undefined;
      if (found === undefined || typeof done !== 'function') return Reflect.apply(method, this, arguments);
      setImmediate(() => answer(this, found, done as D));
      return OK;
    } as Method);
  }

  function knownOf(client: NativeClient): Known {
    const known = clients.get(client);
    if (known !== undefined) return known;
    const tree = new NativeTree(client, original, (path, names) => safely(context, () => seen(path, names)));
    const nodes = new ClientNodes(hub!, context, tree);
    clients.set(client, { tree, nodes });
    follow(client, tree, nodes);
    return { tree, nodes };

    function seen(path: string, names: readonly string[]): void {
      const node = nodes.node(path);
      if (node === undefined) return;
      const known = node.children.map(({ name }) => name);
      const isSame = [...names].sort().join() === known.sort().join();
      if (isSame) node.heard(node.children);
      if (!isSame || node.isChanged) tree.fire(path);
    }
  }

  /** What the C library tells its client comes by `emit` of the inner object. */
  function follow({ native }: NativeClient, tree: NativeTree, nodes: ClientNodes): void {
    const { emit } = native;
    native.emit = function (event: string) {
      if (event === 'connect') safely(context, () => tree.connected());
      if (event === 'close') {
        safely(context, () => tree.closed());
        safely(context, () => nodes.release());
      }
      return Reflect.apply(emit, this, arguments);
    };
  }
}

function asker(done: Done, hasStat: boolean): Asker {
  return {
    told: (names, stat) =>
      hasStat
        ? done(OK, 'ok', names, stat ?? { ...nativeStat(0), numChildren: names.length })
        : done(OK, 'ok', names),
    failed: ([rc, error, names, stat]) => (hasStat ? done(rc, error, names, stat) : done(rc, error, names)),
  };
}

/** Whose methods they are: the promises' class inherits them. */
function owner(prototype: object): Prototype {
  for (let at: object | null = prototype; at !== null; at = Object.getPrototypeOf(at))
    if (Object.hasOwn(at, 'a_get_children2')) return at as Prototype;
  throw new Error('the client has no methods of a known shape');
}

function methods({ a_get_children2, aw_get_children2, a_get, aw_exists }: Prototype): object {
  return { a_get_children2, aw_get_children2, a_get, aw_exists };
}
