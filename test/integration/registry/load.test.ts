/** The unmodified npm clients under load, while all that may happen to a registry, a mesh and their instances does. */

import { join } from 'node:path';
import { npmSet } from '../../../lab';
import { ROOT } from '../../support/app';
import { peer } from '../../support/peer';
import { embeddedConsul, embeddedEureka, embeddedNacos } from '../../support/registry/embedded';
import { underLoad } from '../../support/registry/load-story';

/** The fork of Eureka's client is in the full drills, with a real Eureka. */
const CLIENTS = [
  ['nacos', embeddedNacos],
  ['eureka-js-client', embeddedEureka],
  ['consul', embeddedConsul],
] as const;

describe('no new call is refused while instances die, lists change, modes switch, servers go away', function () {
  this.timeout(300_000);

  for (const [client, start] of CLIENTS) {
    it(`${client}`, async function () {
      const files = join(ROOT, 'fixtures', 'registry-clients', 'newest');
      const folder = peer(this, await npmSet('registry-clients-newest', files));
      await underLoad({ client, folder, registry: await start(), answers: 20, returns: client !== 'nacos' });
    });
  }
});
