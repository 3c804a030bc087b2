'use strict';

/** Writes the README's tables of settings and hooks from the code that they describe. `npm run docs` */

const fs = require('node:fs');
const Module = require('node:module');
const path = require('node:path');

const ROOT = path.join(__dirname, '..');
const README = path.join(ROOT, 'README.md');

/** The tables by the name of their markers. */
function tables() {
  const { outputFiles } = require('esbuild').buildSync({
    stdin: {
      contents: `
        export { settingsTable as settings } from './src/config/table';
        export { hooksTable as hooks } from './hooks/table';`,
      resolveDir: ROOT,
      loader: 'ts',
    },
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
function render(text) {
  return Object.entries(tables()).reduce((result, [name, table]) => {
    const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
    const [start, end] = [result.indexOf(open), result.indexOf(close)];
    if (start < 0 || end < start) throw new Error(`README.md has no ${open} … ${close}`);
    return `${result.slice(0, start + open.length)}\n\n${table()}\n\n${result.slice(end)}`;
  }, text);
}

module.exports = { render, README };

if (require.main === module) fs.writeFileSync(README, render(fs.readFileSync(README, 'utf8')));
