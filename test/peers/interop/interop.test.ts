/** Both worlds call each other on real servers: `examples/interop`, every pair of it. */

import { strict as assert } from 'node:assert';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { peer } from '../../support/peer';
import { type Peers, startPeers } from './peers';

interface Result {
  readonly caller: string;
  readonly callee: string;
  readonly how: 'name' | 'list' | 'refused';
  readonly ok: boolean;
  readonly status: number;
  readonly answer: string;
}

const { play } = require('../../../examples/interop/story') as {
  play(peers: Peers, children: ChildProcess[]): Promise<readonly Result[]>;
};
const { tableLines, sentence } = require('../../../examples/interop/matrix') as {
  tableLines(results: readonly Result[]): readonly string[];
  sentence(result: Result): string;
};

describe('both worlds call each other', function () {
  this.timeout(300_000);
  const children: ChildProcess[] = [];
  let peers: Peers;
  let results: readonly Result[] = [];

  before(async function () {
    peers = peer(this, await startPeers());
    results = await play(peers, children);
    for (const line of [...tableLines(results), ...results.map(sentence)]) console.log(`    ${line}`);
  });

  afterEach(function () {
    if (this.currentTest?.state === 'failed') console.log(peers.log());
  });

  after(async () => {
    for (const child of children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await peers?.stop();
  });

  it('all reach all', () => {
    const failed = results.filter(({ ok }) => !ok);
    assert.deepEqual(failed, []);
  });
});
