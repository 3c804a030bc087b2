import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const { render, README } = require(join(__dirname, '../../../scripts/docs.js')) as {
  render(text: string): string;
  README: string;
};

describe('config: documentation', () => {
  it("the README's tables are those of the code (npm run docs)", () => {
    const text = readFileSync(README, 'utf8');
    assert.equal(text, render(text));
  });
});
