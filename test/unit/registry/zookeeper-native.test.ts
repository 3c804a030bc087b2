/** How watchers of the native ZooKeeper client are kept: the C library's are used up by its server only. */

import assert from 'node:assert/strict';
import type { Children2Done, NativeClient, NativeWatcher } from '../../../hooks/zookeeper/native-shapes';
import { NativeTree } from '../../../hooks/zookeeper/native-tree';
import type { Listed } from '../../../hooks/zookeeper/tree';

const PATH = '/dubbo/demo.GreetingService/providers';
const [SESSION, DELETED, CHILD] = [-1, 2, 4];
const [CONNECTING, CONNECTED] = [1, 3];
const [OK, LOST, NO_NODE] = [0, -4, -101];

/** The C library: questions wait until they are answered. */
class Library {
  state = CONNECTED;
  readonly questions: { readonly watcher?: NativeWatcher; readonly done: Children2Done }[] = [];
  readonly emitted: unknown[] = [];
  readonly native = { emit: (...event: unknown[]) => this.emitted.push([event[0], event[2]]) };
  readonly encoding = null;

  a_get_children(_path: string, _watch: boolean, done: Children2Done): number {
    this.questions.push({ done: (rc, error, names) => done(rc, error, names) });
    return OK;
  }

  a_get_children2(_path: string, _watch: boolean, done: Children2Done): number {
    this.questions.push({ done });
    return OK;
  }

  aw_get_children(): number {
    throw new Error('watchers get a stat too');
  }

  aw_get_children2(_path: string, watcher: NativeWatcher, done: Children2Done): number {
    this.questions.push({ watcher, done });
    return OK;
  }

  a_get(): number {
    return OK;
  }

  aw_exists(): number {
    return OK;
  }

  /** Answers the oldest question, and gives what the server has been told to watch with. */
  answer(rc = OK, names: string[] = ['a']): NativeWatcher | undefined {
    const { watcher, done } = this.questions.shift()!;
    done(rc, '', rc === OK ? names : null, {});
    return rc === OK ? watcher : undefined;
  }
}

describe('registry: watchers of the native ZooKeeper client', () => {
  let library: Library;
  let tree: NativeTree;
  let seen: string[];
  let calls: string[];

  beforeEach(() => {
    library = new Library();
    seen = [];
    calls = [];
    const client = library as NativeClient;
    tree = new NativeTree(client, client, (_path, names) => seen.push(names.join()));
  });

  const watcher =
    (name: string): NativeWatcher =>
    (type) =>
      calls.push(`${name} ${type}`);
  const list = (name?: string, wantsStat = true) => {
    const done = (listed: Listed) => {
      if ('names' in listed) calls.push(`list ${listed.names.join()}${listed.stat ? ' with stat' : ''}`);
      else calls.push('failed' in listed ? listed.failed : 'kept');
    };
    return tree.list(PATH, name === undefined ? undefined : watcher(name), done, wantsStat);
  };
  /** What has happened since it was last asked. */
  const since = async () => {
    await Promise.resolve();
    return calls.splice(0);
  };

  it('the server watches a node once for all who ask, and calls each of them once', async () => {
    list('one');
    list('two');
    const server = library.answer()!;
    assert.equal(library.answer(), undefined);
    await since();
    server(CHILD, CONNECTED, PATH);
    assert.deepEqual(await since(), ['one 4', 'two 4']);
    tree.fire(PATH);
    assert.deepEqual(await since(), []);
  });

  it('news of the mesh uses the application’s watchers up, not the server’s', async () => {
    list('one');
    const server = library.answer()!;
    await since();
    tree.fire(PATH);
    assert.deepEqual(await since(), ['one 4']);
    list('again');
    assert.equal(library.answer(), undefined, 'still watched');
    await since();
    server(CHILD, CONNECTED, PATH);
    assert.deepEqual(await since(), ['again 4']);
    list('later');
    assert.ok(library.answer(), 'used up, so asked for anew');
  });

  it('what was relied on and failed is asked for again, and the node looked at', async () => {
    list('one');
    list('two');
    library.answer(LOST);
    library.answer();
    assert.deepEqual(await since(), ['away', 'list a with stat']);
    const server = library.answer(OK, ['a', 'b'])!;
    assert.deepEqual(seen, ['a,b']);
    server(DELETED, CONNECTED, PATH);
    assert.deepEqual(await since(), ['two 2']);
  });

  it('the stat is not asked for where nobody wants it, which is cheaper', async () => {
    list(undefined, false);
    library.answer();
    list();
    library.answer();
    assert.deepEqual(await since(), ['list a', 'list a with stat']);
  });

  it('events of the session reach watchers without using them up, and are the client’s own for the others', async () => {
    list('one');
    tree.list(PATH, tree.everyone, () => undefined, false);
    const server = library.answer()!;
    library.answer();
    server(SESSION, CONNECTING, '');
    assert.deepEqual([await since(), library.emitted], [['list a with stat', 'one -1'], []]);
    server(CHILD, CONNECTED, PATH);
    assert.deepEqual([await since(), library.emitted], [['one 4'], [['child', PATH]]]);
  });

  it('who was answered without the server hears of it when it is back', async () => {
    library.state = CONNECTING;
    assert.ok(tree.isAway);
    tree.watch(PATH, watcher('one'));
    library.state = CONNECTED;
    tree.connected();
    assert.ok(library.answer(OK, ['b']));
    tree.connected();
    assert.deepEqual([seen, library.questions.length], [['b'], 0], 'watched already');
  });

  it('a node that is gone when the server is back is a change', async () => {
    tree.watch(PATH, watcher('one'));
    tree.connected();
    library.answer(NO_NODE);
    assert.deepEqual(await since(), ['one 4']);
  });

  it('between two attempts to connect it is away, closed it is not', () => {
    assert.ok(!tree.isAway);
    library.state = 0;
    assert.ok(tree.isAway);
    tree.closed();
    assert.ok(!tree.isAway);
    library.state = CONNECTING;
    assert.ok(tree.isAway);
  });

  it('a closed client has no watchers', async () => {
    list('one');
    library.answer();
    await since();
    tree.closed();
    tree.fire(PATH);
    tree.connected();
    assert.deepEqual([await since(), library.questions.length], [[], 0]);
  });
});
