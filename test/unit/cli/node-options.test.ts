import assert from 'node:assert/strict';
import { preloadsOf } from '../../../src/cli/checks/node-options';

describe('what NODE_OPTIONS loads', () => {
  const cases: readonly (readonly [string, readonly string[]])[] = [
    ['', []],
    ['--max-old-space-size=512', []],
    ['--require /opt/inmesh/preload.js', ['/opt/inmesh/preload.js']],
    ['-r a.js --require=b.js  --import file:///c.mjs', ['a.js', 'b.js', '/c.mjs']],
    ['--require "/with space/preload.js" --trace-warnings', ['/with space/preload.js']],
    ['--require "/a \\"b\\" \\\\c.js"', ['/a "b" \\c.js']],
    ['--require', []],
  ];
  for (const [text, expected] of cases) {
    it(JSON.stringify(text), () => assert.deepEqual(preloadsOf(text), expected));
  }
});
