/** The lab's second Nacos does what the bridge's tests ask of it; those of the bridge itself try the first. */
import { strict as assert } from 'node:assert';
import { type NacosServer, startNacos } from '../../../lab';
import { eventually } from '../../support/load';
import { peer } from '../../support/peer';
import { NacosHttp } from '../../support/registries/nacos-http';

describe("the lab's Nacos 2.x", function () {
  this.timeout(300_000);
  let server: NacosServer | undefined;

  after(() => server?.stop());

  it('lists what registers, takes edits, and keeps what is persistent over a restart', async function () {
    server = peer(this, await startNacos({ version: 2 }));
    const nacos = new NacosHttp(server.address);
    await nacos.untilEditable();
    const lasting = {
      serviceName: 'lasting',
      ip: '10.1.0.1',
      port: 80,
      ephemeral: false,
      metadata: { a: 'b' },
    };
    await nacos.register(lasting);
    await nacos.register({ serviceName: 'orders', ip: '10.1.0.2', port: 8080 });
    const { value } = await eventually('orders', async () => {
      const hosts = await nacos.list('orders');
      return hosts.length > 0 ? hosts : undefined;
    });
    assert.equal(`${value[0]?.ip}:${value[0]?.port} ${value[0]?.weight}`, '10.1.0.2:8080 1');
    await nacos.update({ serviceName: 'orders', ip: '10.1.0.2', port: 8080, weight: 7 });
    await eventually('weight 7', async () =>
      (await nacos.list('orders'))[0]?.weight === 7 ? true : undefined,
    );
    await nacos.deregister({ serviceName: 'orders', ip: '10.1.0.2', port: 8080 });
    await eventually('no orders', async () => ((await nacos.list('orders')).length === 0 ? true : undefined));

    await server.kill();
    await server.start();
    const { value: kept } = await eventually(
      'what was persistent',
      async () => (await nacos.list('lasting').catch(() => []))[0],
      60_000,
    );
    assert.deepEqual([kept.ip, kept.metadata], ['10.1.0.1', { a: 'b' }]);
  });
});
