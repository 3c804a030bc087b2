/** What README and docs name exists: links, paths, settings, scripts; and what a user of the package needs is packed. */

import { strict as assert } from 'node:assert';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { DEFINITIONS } from '../../../src/config/registry';

const ROOT = join(__dirname, '..', '..', '..');
const PACKAGE = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  files: readonly string[];
  scripts: Readonly<Record<string, string>>;
};
/** Of the tests, not of the product. */
const TEST_SETTINGS = ['INMESH_WRITE_DOCS', 'INMESH_DRILLS', 'INMESH_PEERS', 'INMESH_LAB_CACHE'];
const NOT_PACKED = /^(src|hooks|test|lab|bench|fixtures|scripts|examples)\b/;

const documents = ['README.md', ...readdirSync(join(ROOT, 'docs')).map((name) => `docs/${name}`)].map(
  (path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }),
);

function isPacked(path: string): boolean {
  return PACKAGE.files.some((each) => path === each || path.startsWith(`${each}/`));
}

for (const { path, text } of documents) {
  describe(`docs: ${path}`, () => {
    it('has no dead link, and none to what is not packed', () => {
      const targets = [...text.matchAll(/\]\(([^)#]+)(#[^)]*)?\)/g)]
        .map((match) => match[1]!)
        .filter((target) => !/^[a-z]+:/.test(target))
        .map((target) => relative(ROOT, join(ROOT, dirname(path), target)));
      assert.deepEqual(
        targets.filter((target) => !existsSync(join(ROOT, target)) || !isPacked(target)),
        [],
      );
    });

    it('names only files that exist', () => {
      const named = [...text.matchAll(/`([\w.-]+(?:\/[\w.-]+)+\/?)`/g)].map((match) => match[1]!);
      const own = named.filter((name) => NOT_PACKED.test(name) || name.startsWith('docs/'));
      assert.deepEqual(
        own.filter((name) => !existsSync(join(ROOT, name))),
        [],
      );
    });

    it('names only settings and scripts that exist', () => {
      const settings: readonly string[] = Object.values(DEFINITIONS).map(({ name }) => name);
      const named = new Set(text.match(/\bINMESH_[A-Z]+(?:_[A-Z]+)*\b/g));
      assert.deepEqual(
        [...named].filter((name) => !settings.includes(name) && !TEST_SETTINGS.includes(name)),
        [],
      );
      const scripts = [...text.matchAll(/npm run ([\w:]+)/g)].map((match) => match[1]!);
      assert.deepEqual(
        scripts.filter((name) => !(name in PACKAGE.scripts)),
        [],
      );
    });
  });
}
