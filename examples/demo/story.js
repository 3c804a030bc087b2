'use strict';

// The demo's story, told as it happens. Everything runs on loopback; nothing is left behind.
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { get, startLoad } = require('./load');
const { isFree, many, run, Stage, until } = require('./stage');

const root = path.join(__dirname, '..', '..');
const FRONT_PORT = 20003;
const MESH_APP_PORT = 8085;

const INSTANCES = [
  { version: 'v1', address: '127.0.0.11', port: 20011 },
  { version: 'v1', address: '127.0.0.12', port: 20012 },
  { version: 'v2', address: '127.0.0.21', port: 20021 },
];

async function main(args) {
  const unknown = args.find((arg) => arg !== '--keep');
  if (unknown !== undefined)
    throw new Error(`unknown option ${unknown}; there is --keep: npm run demo -- --keep`);
  const keep = args.length > 0;
  const began = performance.now();
  const children = [];
  const mesh = fs.mkdtempSync(path.join(os.tmpdir(), 'inmesh-demo-'));
  const cleanUp = () => {
    for (const child of children) child.kill('SIGKILL');
    fs.rmSync(mesh, { recursive: true, force: true });
  };
  process.on('exit', cleanUp);
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(0));

  const stage = new Stage();
  const check = (ok, sentence) => stage.check(ok, sentence);
  const chapter = (title) => stage.chapter(title);

  chapter(
    'A mesh service in two versions, a registry of the old world, a bridge between them, a control plane',
  );
  for (const instance of INSTANCES) {
    const port = (await isFree(instance.address, instance.port)) ? instance.port : 0;
    const env = { PORT: String(port), VERSION: instance.version, ADDRESS: instance.address };
    instance.process = run(children, [path.join(__dirname, 'go-sc-b.js')], env);
    instance.listens = (await instance.process.ready).listening;
    console.log(`   go-sc-b ${instance.version} on ${instance.address}:${instance.listens}`);
  }
  for (const file of fs.readdirSync(path.join(__dirname, 'mesh'))) {
    fs.writeFileSync(
      path.join(mesh, file),
      withPorts(fs.readFileSync(path.join(__dirname, 'mesh', file), 'utf8')),
    );
  }
  const cli = path.join(root, 'dist', 'cli.js');
  const registry = (await run(children, [cli, 'dev-nacos', '--port', '0'], {}).ready).address;
  stage.say(`in-memory Nacos (inmesh dev-nacos) on ${registry}`);
  const bridgeFile = path.join(mesh, 'bridge.json');
  fs.writeFileSync(bridgeFile, JSON.stringify(bridgeConfig(registry)));
  const bridge = (await run(children, [cli, 'bridge', '--config', bridgeFile], {}).ready).mcp;
  stage.say(`bridge (inmesh bridge) on ${bridge}, following Nacos`);
  // Without --json its log is for people: `inmesh dev: serving … on 127.0.0.1:15010 (…)`.
  const readAddress = (line) => ({ address: / on (\S+) \(/.exec(line)[1] });
  const startControlPlane = (at) =>
    run(children, [cli, 'dev', mesh, '--mcp', `xds://${bridge}`, '--port', at], {}, { read: readAddress });
  const controlPlane = startControlPlane('0');
  const { address } = await controlPlane.ready;
  console.log(
    `   control plane (inmesh dev) on ${address}, following the bridge and a copy of ${path.relative(root, path.join(__dirname, 'mesh'))}`,
  );

  chapter('An unmodified Express application, started with the preload');
  const frontPort = (await isFree('127.0.0.1', FRONT_PORT)) ? FRONT_PORT : 0;
  const underPreload = (name) => ({
    NODE_OPTIONS: `--require "${path.join(root, 'preload.js')}"`,
    INMESH_XDS: `grpc://${address}`,
    // The machine may be busy: the first call waits for the mesh as long as it takes.
    INMESH_FIRST_USE_TIMEOUT: '20s',
    POD_NAME: name,
    POD_NAMESPACE: 'default',
    INSTANCE_IP: '127.0.0.1',
  });
  const legacy = run(children, [path.join(__dirname, 'legacy-app.js')], {
    ...underPreload('legacy-express-1'),
    PORT: String(frontPort),
    NACOS: registry,
  });
  const port = (await legacy.ready).listening;
  const first = await get(port, '/go');
  console.log(`   $ curl localhost:${port}/go\n   ${first.body}`);
  check(
    first.status === 200 && /^\[legacy express\] -> \[mesh app v[12] 127\.0\.0\.\d+\]$/.test(first.body),
    `its very first call to http://go-sc-b/ was resolved by the mesh (${first.ms.toFixed(0)} ms)`,
  );

  chapter('VirtualService: 90 % to v1, 10 % to v2');
  const answers = await many(port, '/go', 1000);
  const v2 = answers.filter((answer) => answer.body.includes('app v2')).length;
  check(
    answers.every((answer) => answer.status === 200),
    '1000 calls, 1000 answers 200',
  );
  check(v2 > 60 && v2 < 145, `v1 ${1000 - v2}, v2 ${v2}`);

  chapter('VirtualService: beta users (header x-user: beta) get v2');
  const canary = await many(port, '/go', 50, { 'x-user': 'beta' });
  check(
    canary.every((answer) => answer.body.includes('app v2')),
    '50 of 50 calls with the header reached v2',
  );

  chapter('Both worlds: the legacy one asks its registry, the new one calls it by name');
  const meshApp = run(children, [path.join(__dirname, 'mesh-app.js')], {
    ...underPreload('mesh-app-1'),
    PORT: String((await isFree('127.0.0.1', MESH_APP_PORT)) ? MESH_APP_PORT : 0),
  });
  const meshPort = (await meshApp.ready).listening;
  const back = await get(meshPort, '/legacy');
  stage.say(`$ curl localhost:${meshPort}/legacy\n   ${back.body}`);
  check(
    back.status === 200 && back.body.startsWith('[mesh app] -> [legacy express 127.0.0.1]'),
    'the mesh application reached the legacy one, which only Nacos knows',
  );
  const byRegistry = await many(port, '/go-by-registry', 100);
  check(
    byRegistry.every((answer) => answer.status === 200 && /-> \[mesh app v[12] /.test(answer.body)),
    '100 of 100 calls to instances that its Nacos client listed reached go-sc-b, which Nacos does not know',
  );
  const betaByRegistry = await many(port, '/go-by-registry', 50, { 'x-user': 'beta' });
  check(
    betaByRegistry.every((answer) => answer.body.includes('app v2')),
    'and they follow the routes: 50 of 50 with x-user: beta reached v2',
  );

  chapter('An instance of v1 is killed (SIGKILL) under load');
  const load = startLoad(port, '/go?ms=40', { concurrency: 24 });
  await until(() => load.results.length > 100 && load.inFlight() >= 16);
  const inFlight = load.inFlight();
  INSTANCES[0].process.child.kill('SIGKILL');
  const before = load.results.length;
  await until(() => load.results.length > before + 600);
  const results = await load.stop();
  const failed = results.filter((result) => result.status !== 200);
  check(inFlight >= 8, `${inFlight} calls were in flight when ${INSTANCES[0].address} died`);
  check(
    failed.length === 0,
    `${results.length} calls, ${failed.length} failed${failed[0] ? `: ${failed[0].status} ${failed[0].body}` : ''}`,
  );

  chapter('The YAML is edited: everything to v2');
  const moving = startLoad(port, '/go', { concurrency: 8 });
  await until(() => moving.results.length > 100);
  const editedAt = performance.now();
  const routes = path.join(mesh, 'routes.yaml');
  const first90 = fs.readFileSync(routes, 'utf8');
  fs.writeFileSync(routes, first90.replace('weight: 90', 'weight: 0').replace('weight: 10', 'weight: 100'));
  const onlyV2 = (list) =>
    list.length >= 200 && list.slice(-200).every((result) => result.body.includes('app v2'));
  await until(() => onlyV2(moving.results));
  const moved = await moving.stop();
  const lastV1 = moved
    .filter((result) => result.body.includes('app v1'))
    .reduce((last, result) => Math.max(last, result.sentAt), editedAt);
  check(
    moved.every((result) => result.status === 200),
    `the last call to v1 was sent ${(lastV1 - editedAt).toFixed(0)} ms after the edit; ${moved.length} calls, none failed`,
  );

  chapter('The control plane is stopped');
  controlPlane.child.kill('SIGKILL');
  await controlPlane.exited;
  const alone = await many(port, '/go', 300);
  check(
    alone.every((answer) => answer.status === 200 && answer.body.includes('app v2')),
    '300 calls without it: same routing, none failed',
  );

  const { checks, failures } = stage;
  console.log(
    `\n${checks.length - failures} of ${checks.length} checks hold, ${((performance.now() - began) / 1000).toFixed(1)} s. ` +
      'The application was not changed, and there is no sidecar.',
  );
  if (keep && failures === 0) {
    fs.writeFileSync(routes, first90);
    await startControlPlane(address.split(':').at(-1)).ready;
    await until(async () => (await get(port, '/go')).body.includes('app v1'));
    console.log(
      `\nThe control plane is back, with 90/10. Still up (Ctrl-C ends it):\n  curl localhost:${port}/go\n` +
        `  curl -H 'x-user: beta' localhost:${port}/go\n  curl localhost:${meshPort}/legacy\n` +
        `The YAML to edit: ${mesh}`,
    );
    await legacy.exited;
  }
  return failures === 0 ? 0 : 1;
}

/** What `inmesh bridge` reads; JSON is YAML. */
function bridgeConfig(registry) {
  return {
    sources: [{ type: 'nacos', name: 'legacy', servers: [registry] }],
    mcp: { listen: '127.0.0.1:0' },
    admin: { listen: '127.0.0.1:0' },
    log: { level: 'warn' },
  };
}

/** The example's YAML with the ports that the instances really got. */
function withPorts(yaml) {
  return INSTANCES.reduce((text, { port, listens }) => text.replace(String(port), String(listens)), yaml);
}

module.exports = { main };
