/** The demo with a real Nacos and a real istiod instead of the embedded ones. */
import { strict as assert } from 'node:assert';
import { freePort, type Istiod, type NacosServer, startIstiod, startNacos } from '../../../../lab';
import { ScriptedMcp } from '../../../integration/dev-mcp/server';
import { runDemo } from '../../../support/bridge/demo';
import { peer } from '../../../support/peer';
import { NacosHttp } from '../../../support/registries/nacos-http';

describe('npm run demo:bridge with a real Nacos and a real istiod', function () {
  this.timeout(600_000);
  let nacos: NacosServer | undefined;
  let istiod: Istiod | undefined;
  let source: ScriptedMcp | undefined;

  after(async () => {
    source?.stop();
    await istiod?.stop();
    await nacos?.stop();
  });

  it('tells the same story', async function () {
    nacos = peer(this, await startNacos());
    // istiod ends at once when its config source is not there at its start, so one stands in until the demo runs.
    const listen = await freePort();
    source = await new ScriptedMcp().listen(listen);
    istiod = peer(this, await startIstiod({ configSources: [`xds://127.0.0.1:${listen}`] }));
    source.stop();
    const { code, output } = await runDemo([
      ...['--nacos', nacos.address, '--istiod', istiod.xdsAddress],
      ...['--listen', `127.0.0.1:${listen}`],
    ]);
    assert.equal(code, 0, output);
    assert.match(output, /\n8 of 8 checks hold, /);
    assert.deepEqual(await new NacosHttp(nacos.address).list('inmesh-demo-orders'), []);
  });
});
