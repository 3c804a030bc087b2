/** A client whose hook is off, or that is not supported, says to its registry what it says without the agent. */

import { join } from 'node:path';
import { npmSet } from '../../../lab';
import { ROOT } from '../../support/app';
import { peer } from '../../support/peer';
import { embeddedConsul, embeddedEureka, embeddedNacos } from '../../support/registry/embedded';
import { recordHttp } from '../../support/registry/recorder';
import { sameOnTheWire, type WireStory } from '../../support/registry/wire-story';

const EUREKA = {
  hook: 'eureka',
  unsupported: '5.0.0',
  start: embeddedEureka,
  options: { fetchMs: 600_000, register: true },
};

const STORIES: readonly Omit<WireStory, 'folder' | 'record'>[] = [
  {
    client: 'nacos',
    hook: 'nacos',
    packages: ['nacos-naming', 'nacos'],
    unsupported: '3.0.0',
    start: embeddedNacos,
    periodic: /^GET \/nacos\/v1\/ns\/instance\/list|^PUT \/nacos\/v1\/ns\/instance\/beat/,
    late: /^PUT \/nacos\/v1\/ns\/instance\/beat/,
  },
  { client: 'eureka-js-client', packages: ['eureka-js-client'], ...EUREKA },
  {
    client: '@rocketsoftware/eureka-js-client',
    packages: ['@rocketsoftware/eureka-js-client'],
    ...EUREKA,
  },
  { client: 'consul', hook: 'consul', packages: ['consul'], unsupported: '3.0.0', start: embeddedConsul },
];

describe('what a client says to its registry is as without the agent, when its hook is off or it is of another version', function () {
  this.timeout(300_000);

  for (const story of STORIES) {
    it(story.client, async function () {
      const files = join(ROOT, 'fixtures', 'registry-clients', 'newest');
      const folder = peer(this, await npmSet('registry-clients-newest', files));
      await sameOnTheWire({ ...story, folder, record: recordHttp });
    });
  }
});
