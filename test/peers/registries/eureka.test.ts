/** The lab's Eureka server does what the bridge's tests ask of it. */
import { strict as assert } from 'node:assert';
import { type EurekaServer, startEureka } from '../../../lab';
import { eventually } from '../../support/load';
import { peer } from '../../support/peer';
import { EurekaHttp } from '../../support/registries/eureka-http';

describe("the lab's Eureka", function () {
  this.timeout(300_000);
  let server: EurekaServer | undefined;

  after(() => server?.stop());

  it('lists what registers, and forgets what leaves', async function () {
    server = peer(this, await startEureka());
    const eureka = new EurekaHttp(server.url);
    const one = { app: 'orders', instanceId: 'orders-1', ip: '10.1.0.1', port: 8080 };
    await eureka.register(one);
    const { value } = await eventually('ORDERS', async () => (await eureka.applications())[0]);
    assert.equal(value.name, 'ORDERS');
    assert.deepEqual(
      value.instance.map((each) => [each.instanceId, each.ipAddr, each.status]),
      [['orders-1', '10.1.0.1', 'UP']],
    );
    await eureka.deregister(one);
    await eventually('nothing', async () => ((await eureka.applications()).length === 0 ? true : undefined));
  });
});
