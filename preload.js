'use strict';

/*
 * node --require /path/to/inmesh/preload.js app.js
 *
 * Must parse on any Node.js: what does not support us runs as it would without us.
 */
(() => {
  function say(what, text) {
    // biome-ignore lint/style/useNodejsImportProtocol: Node.js before 14 does not know the prefix.
    require('fs').writeSync(2, ['inmesh: ', what, ': ', text, '\n'].join(''));
  }

  var versions = process.versions || {};
  var other = versions.bun ? 'Bun' : versions.deno ? 'Deno' : versions.electron ? 'Electron' : '';
  try {
    if (other || parseInt(versions.node, 10) < 18) {
      say(
        other || process.version,
        'not supported (Node.js 18 or newer is); the application runs without the mesh',
      );
      return;
    }
    require('./dist/preload.js');
  } catch (error) {
    try {
      say('not started, the application runs without the mesh', error);
    } catch (_closed) {
      // Standard error is closed: there is nobody to tell.
    }
  }
})();
