/** `docs/traffic.md` says what the cases say. */

import { strict as assert } from 'node:assert';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../support/app';
import { CASE_GROUPS } from './cases';
import { KNOWN_GAPS } from './known-gaps';
import { trafficDocs } from './traffic-docs';

const FILE = join(ROOT, 'docs', 'traffic.md');

describe('docs/traffic.md', () => {
  it('is generated from the cases', () => {
    const text = trafficDocs(CASE_GROUPS, KNOWN_GAPS);
    if (process.env['INMESH_WRITE_DOCS']) writeFileSync(FILE, text);
    assert.equal(readFileSync(FILE, 'utf8'), text);
  });

  it('has no field that is neither tested nor explained', () => {
    const untested = trafficDocs(CASE_GROUPS, KNOWN_GAPS)
      .split('\n')
      .filter((line) => line.includes('| not tested |'));
    assert.deepEqual(untested, []);
  });
});
