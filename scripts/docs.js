'use strict';

/** Writes the tables of settings, hooks and the bridge's configuration from the code that they describe. `npm run docs` */

const fs = require('node:fs');
const Module = require('node:module');
const path = require('node:path');

const ROOT = path.join(__dirname, '..');

/** Which tables stand in which file, by the name of their markers. */
const DOCUMENTS = [
  {
    file: path.join(ROOT, 'README.md'),
    source: `
      export { settingsTable as settings } from './src/config/table';
      export { hooksTable as hooks } from './hooks/table';`,
  },
  {
    file: path.join(ROOT, 'docs', 'bridge.md'),
    source: `export { configReference as configuration } from './src/bridge/config';`,
  },
];

/** The tables by the name of their markers. */
function tables(source) {
  const { outputFiles } = require('esbuild').buildSync({
    stdin: { contents: source, resolveDir: ROOT, loader: 'ts' },
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    logLevel: 'error',
  });
  const compiled = new Module(path.join(ROOT, 'scripts', 'docs-tables.js'));
  compiled.paths = Module._nodeModulePaths(ROOT);
  compiled._compile(outputFiles[0].text, compiled.id);
  return compiled.exports;
}

/** `text` with the tables between its markers. */
function render({ file, source }, text) {
  return Object.entries(tables(source)).reduce((result, [name, table]) => {
    const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
    const [start, end] = [result.indexOf(open), result.indexOf(close)];
    if (start < 0 || end < start) throw new Error(`${path.basename(file)} has no ${open} … ${close}`);
    return `${result.slice(0, start + open.length)}\n\n${table()}\n\n${result.slice(end)}`;
  }, text);
}

module.exports = { render, DOCUMENTS };

if (require.main === module) {
  for (const document of DOCUMENTS) {
    const text = fs.readFileSync(document.file, 'utf8');
    fs.writeFileSync(document.file, render(document, text));
  }
}
