import { strict as assert } from 'node:assert';
import { LabProcess } from '../../lab';
import { ROOT } from '../support/app';

describe('npm run demo', function () {
  this.timeout(300_000);

  it('tells its story, counts, and ends by itself', async () => {
    const demo = new LabProcess('demo', process.execPath, ['scripts/demo.js'], { cwd: ROOT });
    try {
      assert.equal(await demo.exit(), 0, demo.log);
      assert.match(demo.log, /\n11 of 11 checks hold, /);
      assert.match(demo.log, /\[legacy express\] -> \[mesh app v[12] 127\.0\.0\.\d+\]/);
      assert.match(demo.log, /\[mesh app\] -> \[legacy express 127\.0\.0\.1\]/);
    } finally {
      if (demo.isRunning) await demo.stop();
    }
  });
});
