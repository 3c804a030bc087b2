import { strict as assert } from 'node:assert';
import { runDemo } from '../../../support/bridge/demo';

describe('npm run demo:bridge', function () {
  this.timeout(300_000);

  it('tells its story with nothing installed, counts, and ends by itself', async () => {
    const { code, output } = await runDemo([]);
    assert.equal(code, 0, output);
    assert.match(output, /\n9 of 9 checks hold, /);
    assert.match(output, /hosts:\s+- inmesh-demo-orders\.default-group\.public\.nacos/);
  });

  it('says how it is used when it is used otherwise', async () => {
    const unknown = await runDemo(['--zookeeper', '127.0.0.1:2181']);
    assert.equal(unknown.code, 1);
    assert.match(unknown.output, /unknown option --zookeeper\n\nnpm run demo:bridge/);
    const bad = await runDemo(['--nacos', 'localhost']);
    assert.equal(bad.code, 1);
    assert.match(bad.output, /--nacos needs host:port/);
  });
});
