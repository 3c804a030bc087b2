'use strict';

// The bridge of the demo: its configuration, its process, and what it serves.
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { run } = require('../demo/stage');

const cli = path.join(__dirname, '..', '..', 'dist', 'cli.js');

/** Writes `bridge.yaml` to the folder; JSON is YAML. */
function writeConfig(folder, { nacos, service, listen }) {
  const file = path.join(folder, 'bridge.yaml');
  const convert = { include: [{ service }] };
  const config = {
    sources: [{ type: 'nacos', name: 'legacy', servers: [nacos], convert }],
    mcp: { listen },
    admin: { listen: '127.0.0.1:0' },
    log: { level: 'warn' },
  };
  fs.writeFileSync(file, `${JSON.stringify(config, null, 2)}\n`);
  return file;
}

/** `inmesh bridge --config file` */
function startBridge(children, file) {
  return run(children, [cli, 'bridge', '--config', file], {});
}

/** `inmesh bridge --once`: Istio YAML. */
function servedYaml(file) {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [cli, 'bridge', '--config', file, '--once'],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`inmesh bridge --once: ${stderr}`);
  return stdout;
}

module.exports = { cli, servedYaml, startBridge, writeConfig };
