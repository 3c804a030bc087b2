/** The lab's Consul does what the bridge's tests ask of it. */
import { strict as assert } from 'node:assert';
import { type ConsulServer, startConsul } from '../../../lab';
import { eventually } from '../../support/load';
import { peer } from '../../support/peer';
import { ConsulHttp } from '../../support/registries/consul-http';

describe("the lab's Consul", function () {
  this.timeout(300_000);
  let server: ConsulServer | undefined;

  after(() => server?.stop());

  it('lists what registers and passes, and keeps it over a restart', async function () {
    server = peer(this, await startConsul());
    const consul = new ConsulHttp(server.url);
    const one = { id: 'orders-1', name: 'orders', address: '10.1.0.1', port: 8080, checked: true };
    await consul.register(one);
    assert.deepEqual(await consul.passing('orders'), []);
    await consul.setHealth(one, 'pass');
    await eventually('orders', async () =>
      (await consul.passing('orders')).length === 1 ? true : undefined,
    );
    await server.kill();
    await server.start();
    const { value } = await eventually(
      'orders again',
      async () => {
        const passing = await consul.passing('orders').catch(() => []);
        return passing.length > 0 ? passing : undefined;
      },
      60_000,
    );
    assert.deepEqual(value, ['10.1.0.1:8080']);
    await consul.deregister(one);
    await eventually('nothing', async () =>
      (await consul.passing('orders')).length === 0 ? true : undefined,
    );
  });
});
