import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

interface Document {
  readonly file: string;
}

const { render, DOCUMENTS } = require(join(__dirname, '../../../scripts/docs.js')) as {
  render(document: Document, text: string): string;
  DOCUMENTS: readonly Document[];
};

describe('config: documentation', () => {
  for (const document of DOCUMENTS) {
    it(`the tables of ${basename(document.file)} are those of the code (npm run docs)`, () => {
      const text = readFileSync(document.file, 'utf8');
      assert.equal(text, render(document, text));
    }).timeout(20_000);
  }
});
