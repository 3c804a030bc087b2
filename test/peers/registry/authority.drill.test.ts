/** What a ZooKeeper alone decides, with the unmodified npm client; the others are in test/integration/registry. */

import { join } from 'node:path';
import { npmSet } from '../../../lab';
import { ROOT } from '../../support/app';
import { drill, peer } from '../../support/peer';
import { type AuthorityStory, registryDecides } from '../../support/registry/authority-story';
import { realConsul, realEureka, realNacos, realZooKeeper } from '../../support/registry/real';

type Story = Omit<AuthorityStory, 'folder' | 'start'> & {
  readonly title: string;
  readonly real: typeof realNacos;
};

const ZOOKEEPER: Story = { title: 'ZooKeeper', client: 'node-zookeeper-client', real: realZooKeeper };
const OTHERS: readonly Story[] = [
  { title: 'Nacos', client: 'nacos', real: realNacos, out: 'of weight 0', tellsOut: true },
  ...['eureka-js-client', '@rocketsoftware/eureka-js-client'].map((client) => ({
    ...{ title: `Eureka (${client})`, client, real: realEureka, out: 'out of service', tellsOut: true },
  })),
  { title: 'Consul', client: 'consul', real: realConsul, out: 'in maintenance' },
];

for (const { real, ...story } of [ZOOKEEPER, ...drill({ short: [], full: OTHERS })]) {
  describe(`what a real ${story.title} alone decides`, function () {
    this.timeout(300_000);

    const files = join(ROOT, 'fixtures', 'registry-clients', 'newest');
    registryDecides({
      ...story,
      folder: async (context) => peer(context, await npmSet('registry-clients-newest', files)),
      start: async (context) => peer(context, await real()),
    });
  });
}
