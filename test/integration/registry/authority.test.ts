/** What a registry alone decides, with the unmodified npm clients of those that can be in this process. */

import { join } from 'node:path';
import { npmSet } from '../../../lab';
import { ROOT } from '../../support/app';
import { peer } from '../../support/peer';
import { type AuthorityStory, registryDecides } from '../../support/registry/authority-story';
import { embeddedConsul, embeddedEureka, embeddedNacos } from '../../support/registry/embedded';

const EUREKA = { start: embeddedEureka, out: 'out of service', tellsOut: true };

const STORIES: readonly (Omit<AuthorityStory, 'folder'> & { readonly title: string })[] = [
  { title: 'Nacos', client: 'nacos', start: embeddedNacos, out: 'of weight 0', tellsOut: true },
  // Its fork is in the full drills, with a real Eureka.
  { title: 'Eureka', client: 'eureka-js-client', ...EUREKA },
  { title: 'Consul, asked for what passes', client: 'consul', start: embeddedConsul, out: 'critical' },
  {
    ...{ title: 'Consul, asked for all', client: 'consul', start: embeddedConsul, out: 'critical' },
    ...{ options: { passing: false }, tellsOut: true },
  },
];

for (const story of STORIES) {
  describe(`what ${story.title} alone decides`, function () {
    this.timeout(180_000);

    const files = join(ROOT, 'fixtures', 'registry-clients', 'newest');
    registryDecides({
      ...story,
      folder: async (context) => peer(context, await npmSet('registry-clients-newest', files)),
    });
  });
}
