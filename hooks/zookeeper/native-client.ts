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
  readonly nodes: ClientNodes<NativeWatcher>;
}

const NAMES: Asker<Done> = {
  wantsStat: false,
  told: (done, names) => done(OK, 'ok', names),
  failed: (done, [rc, error, names]) => done(rc, error, names),
};
const NAMES_AND_STAT: Asker<Done> = {
  wantsStat: true,
  told: (done, names, stat) => done(OK, 'ok', names, stat ?? { ...nativeStat(0), numChildren: names.length }),
  failed: (done, said) => done(...said),
};

/** `zookeeper`, the binding of the C client. Its promises (`get_children`, `w_get`, …) are made of these methods. */
export function patchNativeZooKeeper(exports: unknown, context: HookContext): void {
  const hub = hubFor(context);
  if (hub === undefined) return;
  const prototype = owner((exports as { prototype: object }).prototype);
  const { a_get_children, a_get_children2, aw_get_children, aw_get_children2, a_get, aw_exists } =
    prototype as unknown as NativeOriginals;
  const original = { a_get_children, a_get_children2, aw_get_children, aw_get_children2, a_get, aw_exists };
  const clients = new WeakMap<object, Known>();

  // With the names of what they replace: clients bind them for each call, which is fast only for names by birth.
  const wrappers = {
    a_get_children(this: NativeClient, path: unknown, watch: unknown, done: unknown) {
      const rc = list(this, path, Boolean(watch), done, NAMES);
      return rc ?? Reflect.apply(original.a_get_children, this, arguments);
    },
    a_get_children2(this: NativeClient, path: unknown, watch: unknown, done: unknown) {
      const rc = list(this, path, Boolean(watch), done, NAMES_AND_STAT);
      return rc ?? Reflect.apply(original.a_get_children2, this, arguments);
    },
    aw_get_children(this: NativeClient, path: unknown, watcher: unknown, done: unknown) {
      const rc = isWatcher(watcher) ? list(this, path, watcher, done, NAMES) : undefined;
      return rc ?? Reflect.apply(original.aw_get_children, this, arguments);
    },
    aw_get_children2(this: NativeClient, path: unknown, watcher: unknown, done: unknown) {
      const rc = isWatcher(watcher) ? list(this, path, watcher, done, NAMES_AND_STAT) : undefined;
      return rc ?? Reflect.apply(original.aw_get_children2, this, arguments);
    },
  };
  for (const [name, wrapper] of Object.entries(wrappers)) replace(prototype, name, wrapper);
  for (const name of ['a_get', 'aw_get'])
    patchSynthetic(name, (client, { data, stat }, done: NativeDataDone) =>
      done(OK, 'ok', stat, client.encoding ? data.toString(client.encoding) : data),
    );
  for (const name of ['a_exists', 'aw_exists'])
    patchSynthetic(name, (_client, { stat }, done: NativeStatDone) => done(OK, 'ok', stat));

  /** `watch`: true for the client's own events. Gives undefined where the hook has nothing to say. */
  function list(
    client: NativeClient,
    path: unknown,
    watch: boolean | NativeWatcher,
    done: unknown,
    asker: Asker<Done>,
  ): unknown {
    const known = typeof done === 'function' && context.enabled() ? knownOf(client) : undefined;
    const node = known?.nodes.asked(path);
    if (known === undefined || node === undefined) return undefined;
    const watcher = watch === true ? known.tree.everyone : watch || undefined;
    return new Question(known.nodes, node, watcher, asker, done as Done).ask() ?? OK;
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

  function knownOf(client: NativeClient): Known | undefined {
    return clients.get(client) ?? safely(context, () => know(client));
  }

  function know(client: NativeClient): Known {
    const tree = new NativeTree(client, original, (path, names) => safely(context, () => seen(path, names)));
    const nodes = new ClientNodes(hub!, context, tree);
    const known = { tree, nodes };
    clients.set(client, known);
    follow(client, known);
    return known;

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
  function follow({ native }: NativeClient, { tree, nodes }: Known): void {
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

function isWatcher(value: unknown): value is NativeWatcher {
  return typeof value === 'function';
}

/** Whose methods they are: the promises' class inherits them. */
function owner(prototype: object): Prototype {
  for (let at: object | null = prototype; at !== null; at = Object.getPrototypeOf(at))
    if (Object.hasOwn(at, 'a_get_children2')) return at as Prototype;
  throw new Error('the client has no methods of a known shape');
}
