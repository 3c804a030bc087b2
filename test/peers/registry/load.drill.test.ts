/** The unmodified npm clients under load with their real registries, while all that may happen does. */

import { join } from 'node:path';
import { npmSet } from '../../../lab';
import { ROOT } from '../../support/app';
import { drill, peer } from '../../support/peer';
import { underLoad } from '../../support/registry/load-story';
import { realConsul, realEureka, realNacos, realZooKeeper } from '../../support/registry/real';

/** Those without a registry in this process (test/integration/registry) come in the short form too. */
const CLIENTS = [
  ['node-zookeeper-client', realZooKeeper],
  ...drill({
    short: [],
    full: [
      ['nacos', realNacos],
      ['eureka-js-client', realEureka],
      ['@rocketsoftware/eureka-js-client', realEureka],
      ['consul', realConsul],
    ] as const,
  }),
] as const;

describe('no new call is refused while instances die, lists change, modes switch, real servers go away', function () {
  this.timeout(600_000);

  for (const [client, start] of CLIENTS) {
    it(client, async function () {
      const files = join(ROOT, 'fixtures', 'registry-clients', 'newest');
      const folder = peer(this, await npmSet('registry-clients-newest', files));
      const registry = peer(this, await start());
      const answers = drill({ short: 20, full: 500 });
      const { answered, inFlight } = await underLoad({ client, folder, registry, answers });
      if (drill({ short: false, full: true }))
        console.log(`      ${answered} calls answered, ${inFlight} lost with the instances that were killed`);
    });
  }
});
