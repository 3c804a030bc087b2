/** node-zookeeper-client says to a real ZooKeeper what it says without the agent, when it is not hooked. */

import { join } from 'node:path';
import { npmSet } from '../../../lab';
import { ROOT } from '../../support/app';
import { peer } from '../../support/peer';
import { realZooKeeper } from '../../support/registry/real';
import { recordZooKeeper } from '../../support/registry/recorder';
import { sameOnTheWire } from '../../support/registry/wire-story';

describe('what node-zookeeper-client says is as without the agent, when its hook is off or it is of another version', function () {
  this.timeout(300_000);

  it('to a real ZooKeeper', async function () {
    const files = join(ROOT, 'fixtures', 'registry-clients', 'newest');
    const folder = peer(this, await npmSet('registry-clients-newest', files));
    await sameOnTheWire({
      client: 'node-zookeeper-client',
      hook: 'zookeeper',
      folder,
      packages: ['node-zookeeper-client'],
      unsupported: '2.0.0',
      start: async () => peer(this, await realZooKeeper()),
      record: recordZooKeeper,
    });
  });
});
