/** Questions that node-zookeeper-client keeps when its server goes, and may never send: Dubbo's clients close it then. */

import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { ClientTree } from '../../../hooks/zookeeper/client-tree';
import type { ChildrenDone, ZooKeeperClient } from '../../../hooks/zookeeper/shapes';
import type { Listed } from '../../../hooks/zookeeper/tree';

describe('registry: questions that node-zookeeper-client keeps', () => {
  it('are told of once, when it is disconnected, and answered all the same when it is back', async () => {
    const asked: ChildrenDone[] = [];
    const listed: Listed[] = [];
    const state = { name: 'SYNC_CONNECTED' };
    const connectionManager = new EventEmitter();
    const client = { connectionManager, getState: () => state } as unknown as ZooKeeperClient;
    const getChildren = (_path: string, _watcher: unknown, done: ChildrenDone) => asked.push(done);
    const tree = new ClientTree(client, () => ({ getChildren }) as unknown as ZooKeeperClient);
    const list = () => tree.list('/services/orders', undefined, (each) => listed.push(each));
    const changesTo = async (name: string) => {
      state.name = name;
      connectionManager.emit('state');
      await Promise.resolve();
    };
    list();
    list();
    asked[0]!(null, ['a']);
    await changesTo('SYNC_CONNECTED');
    assert.deepEqual(listed, [{ names: ['a'], stat: undefined }]);
    await changesTo('DISCONNECTED');
    await changesTo('DISCONNECTED');
    assert.deepEqual(listed.splice(1), [{ kept: true }], 'the one without an answer');
    asked[1]!(null, ['b']);
    assert.deepEqual(listed.splice(1), [{ names: ['b'], stat: undefined }]);
  });
});
