/** The collection that the link asks for after a big push really is one, on every line of Node. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { NODE_VERSIONS, nodeVersion } from '../../../lab';
import { bundled } from '../../support/bundle';
import { peer } from '../../support/peer';

/** In a worker limited as the link's: says of one dropped object whether it is there, before and after. */
const PROGRAM = `
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { collectGarbage } from './src/link/worker/garbage';
if (isMainThread) {
  const resourceLimits = { maxOldGenerationSizeMb: 512, maxYoungGenerationSizeMb: 6 };
  new Worker(__filename, { resourceLimits }).on('message', (said) => console.log(JSON.stringify(said)));
} else {
  let dropped: object | undefined = { bytes: Buffer.alloc(1000) };
  const reference = new WeakRef(dropped);
  dropped = undefined;
  // A weak reference holds its object to the end of the turn in which it was used.
  setTimeout(() => {
    const before = reference.deref() !== undefined;
    setTimeout(() => {
      const resident = process.memoryUsage.rss();
      collectGarbage();
      const grown = process.memoryUsage.rss() - resident;
      setTimeout(() => parentPort!.postMessage({ before, after: reference.deref() !== undefined, grown }), 1);
    }, 1);
  }, 1);
}
`;

describe('link: garbage of a push', () => {
  for (const version of Object.values(NODE_VERSIONS)) {
    it(`is collected when the link asks for it, Node ${version}`, async function () {
      const node = peer(this, await nodeVersion(version));
      const file = await bundled('collect-garbage', PROGRAM);
      const { stdout, stderr } = await promisify(execFile)(node, [file]);
      const { before, after, grown } = JSON.parse(stdout);
      assert.deepEqual({ before, after, stderr }, { before: true, after: false, stderr: '' });
      // Address space, not memory.
      assert.ok(grown < 8 * 1024 * 1024, `${grown} bytes more are resident`);
    });
  }
});
