'use strict';

// The bridge's story, told as it happens: services of a registry become services of the mesh. All on loopback.
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { get, startLoad } = require('../demo/load');
const { isFree, many, reach, run, Stage, until } = require('../demo/stage');
const { readArguments } = require('./arguments');
const { cli, servedYaml, startBridge, writeConfig } = require('./bridge');

const root = path.join(__dirname, '..', '..');
const SERVICE = 'inmesh-demo-orders';

async function main(args) {
  const options = readArguments(args);
  if (options.nacos) await reach('Nacos', options.nacos);
  if (options.istiod) await reach('istiod', options.istiod);
  const began = performance.now();
  const children = [];
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'inmesh-demo-bridge-'));
  process.on('exit', () => {
    for (const child of children) child.kill('SIGKILL');
    fs.rmSync(folder, { recursive: true, force: true });
  });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));
  const stage = new Stage();
  const story = { stage, children, folder, options, legacy: [] };
  try {
    await tell(story);
  } finally {
    // A real registry should not list dead instances until their beats time out.
    await Promise.all(story.legacy.map(leave));
  }
  const { checks, failures } = stage;
  console.log(
    `\n${checks.length - failures} of ${checks.length} checks hold, ${((performance.now() - began) / 1000).toFixed(1)} s. ` +
      'Neither application was changed, and there is no sidecar.',
  );
  return failures === 0 ? 0 : 1;
}

async function tell(story) {
  await registryAndInstances(story);
  await bridgeServes(story);
  await frontCalls(story);
  await anotherRegisters(story);
  if (!story.options.istiod) await rulesOfTheMesh(story);
  await weightChanges(story);
  await oneLeaves(story);
  await bridgeDies(story);
}

async function registryAndInstances({ stage, children, options, legacy, ...story }) {
  stage.chapter('A registry, and two instances of a legacy service that register by the npm package nacos');
  const nacos = options.nacos ?? (await run(children, [cli, 'dev-nacos', '--port', '0'], {}).ready).address;
  stage.say(`${options.nacos ? 'Nacos' : 'in-memory Nacos (inmesh dev-nacos)'} on ${nacos}`);
  options.nacos = nacos;
  for (const version of ['v1', 'v1'])
    await startLegacy({ stage, children, options, legacy, ...story }, version);
}

async function bridgeServes(story) {
  const { stage, children, folder, options } = story;
  stage.chapter('The bridge: what it makes of them for the mesh');
  const listen = options.istiod ? (options.listen ?? '127.0.0.1:15080') : `127.0.0.1:${await quietPort()}`;
  story.config = writeConfig(folder, { nacos: options.nacos, service: SERVICE, listen });
  const yaml = servedYaml(story.config);
  for (const line of yaml.trimEnd().split('\n')) stage.say(line);
  story.host = /hosts:\s*\[?\s*-?\s*["']?([\w.-]+)/.exec(yaml)?.[1];
  stage.check(
    story.legacy.every(({ port }) => yaml.includes(String(port))),
    `a ServiceEntry ${story.host} with both instances`,
  );
  story.bridge = startBridge(children, story.config);
  story.mcp = (await story.bridge.ready).mcp;
  stage.say(`inmesh bridge serves MCP on ${story.mcp}`);
}

async function frontCalls(story) {
  const { stage, children, options, host } = story;
  stage.chapter(
    'A control plane that follows the bridge, and an unmodified application that calls the service',
  );
  let xds = options.istiod;
  if (!xds) {
    const mesh = path.join(__dirname, 'mesh');
    const dev = [cli, 'dev', mesh, '--mcp', `xds://${story.mcp}`, '--port', '0', '--json'];
    xds = (await run(children, dev, {}, { quiet: true }).ready).address;
  }
  stage.say(options.istiod ? `istiod on ${xds}` : `inmesh dev --mcp xds://${story.mcp} on ${xds}`);
  if (options.istiod) {
    stage.say(`waiting for it to connect to its config source xds://${story.mcp}`);
    await until(async () => (await clientsOf(story.bridge)) > 0, 180);
  }
  const front = run(children, [path.join(__dirname, 'front.js')], {
    NODE_OPTIONS: `--require "${path.join(root, 'preload.js')}"`,
    INMESH_XDS: `grpc://${xds}`,
    ORDERS_HOST: host,
    // The machine may be busy: the first call waits for the mesh as long as it takes.
    INMESH_FIRST_USE_TIMEOUT: '20s',
    POD_NAME: 'front-1',
    POD_NAMESPACE: 'default',
    INSTANCE_IP: '127.0.0.1',
  });
  story.port = (await front.ready).listening;
  const first = await get(story.port, '/go');
  stage.say(`$ curl localhost:${story.port}/go\n   ${first.body}`);
  stage.check(
    first.status === 200 && first.body.startsWith('[front] -> [legacy orders v1 :'),
    `its very first call to http://${host}/ reached the legacy service (${first.ms.toFixed(0)} ms)`,
  );
  const answers = await many(story.port, '/go', 400);
  const shares = story.legacy.map(({ port }) => share(answers, port));
  stage.check(
    answers.every(ok) && shares.every((each) => each > 120),
    `400 calls, ${answers.filter(ok).length} answers 200: ${shares.join(' and ')}`,
  );
}

async function anotherRegisters(story) {
  const { stage, port } = story;
  stage.chapter('A third instance registers under load');
  const load = startLoad(port, '/go', { concurrency: 4 });
  const third = await startLegacy(story, 'v2');
  const at = performance.now();
  await until(() => share(load.results, third.port) > 0);
  const ms = performance.now() - at;
  const results = await load.stop();
  stage.check(
    results.every(ok),
    `its first call came ${ms.toFixed(0)} ms after its registration (Nacos itself waits 500 ms); ${results.length} calls, ${failed(results)} failed`,
  );
}

async function rulesOfTheMesh({ stage, port }) {
  stage.chapter('A VirtualService for the legacy service: beta users (header x-user: beta) get v2');
  const answers = await many(port, '/go', 50, { 'x-user': 'beta' });
  const v2 = answers.filter(({ body }) => body.includes('orders v2')).length;
  stage.check(v2 === 50, `${v2} of 50 calls with the header reached v2`);
}

async function weightChanges(story) {
  const { stage, port, legacy, options } = story;
  // The demo's own mesh has ROUND_ROBIN; Istio's default LEAST_REQUEST sets weights off against requests under way.
  const [least, most] = options.istiod ? [0.5, 0.9] : [0.7, 0.9];
  stage.chapter('The weight of one instance changes in the registry: 1 to 8');
  const load = startLoad(port, '/go', { concurrency: 4 });
  await until(() => load.results.length > 100);
  const [heavy] = legacy;
  heavy.tell({ weight: 8 });
  const at = performance.now();
  const isHeavy = () => share(load.results.slice(-300), heavy.port) > 300 * least;
  await until(isHeavy);
  const ms = performance.now() - at;
  const results = await load.stop();
  const answers = await many(port, '/go', 500);
  const part = share(answers, heavy.port);
  stage.check(
    results.every(ok) && answers.every(ok) && part > 500 * least && part < 500 * most,
    `${part} of 500 calls reach it (its weight is 8 of 10), ${ms.toFixed(0)} ms after the change; none of ${results.length + 500} failed`,
  );
}

async function oneLeaves(story) {
  const { stage, port, legacy } = story;
  stage.chapter('That instance deregisters under load, then ends');
  const load = startLoad(port, '/go?ms=20', { concurrency: 16 });
  await until(() => load.results.length > 100);
  const [gone] = legacy.splice(0, 1);
  const at = performance.now();
  gone.tell({ deregister: true });
  await until(() => load.results.length > 500 && share(load.results.slice(-400), gone.port) === 0);
  gone.process.child.kill('SIGKILL');
  const killed = load.results.length;
  await until(() => load.results.length > killed + 400);
  const results = await load.stop();
  const last = results.filter(({ body }) => body.includes(`:${gone.port}]`)).at(-1).sentAt - at;
  stage.check(
    results.every(ok),
    `the last call to it was sent ${last.toFixed(0)} ms after; ${results.length} calls, ${failed(results)} failed`,
  );
}

async function bridgeDies(story) {
  const { stage, children, port } = story;
  stage.chapter('The bridge is killed (SIGKILL) under load, and comes back');
  const load = startLoad(port, '/go', { concurrency: 8 });
  await until(() => load.results.length > 200);
  story.bridge.child.kill('SIGKILL');
  await story.bridge.exited;
  const before = load.results.length;
  await until(() => load.results.length > before + 1000);
  const without = load.results.slice(before);
  stage.check(without.every(ok), `${without.length} calls without it, ${failed(without)} failed`);
  const late = await startLegacy(story, 'v3');
  story.bridge = startBridge(children, story.config);
  await story.bridge.ready;
  const at = performance.now();
  await until(() => share(load.results, late.port) > 0);
  const ms = performance.now() - at;
  const results = await load.stop();
  stage.check(
    results.every(ok),
    `what registered meanwhile was called ${ms.toFixed(0)} ms after its return; ${results.length} calls, ${failed(results)} failed`,
  );
}

/** An instance of the legacy service; without the agent. */
async function startLegacy({ stage, children, options, legacy }, version) {
  const env = { NACOS: options.nacos, SERVICE, VERSION: version };
  const started = run(children, [path.join(__dirname, 'legacy-orders.js')], env);
  const { listening: port } = await started.ready;
  const tellIt = (command) => started.child.stdin.write(`${JSON.stringify(command)}\n`);
  const instance = { process: started, port, tell: tellIt };
  legacy.push(instance);
  stage.say(`${SERVICE} ${version} on 127.0.0.1:${port}, registered`);
  return instance;
}

/** Deregisters and ends: its standard input is over. */
async function leave({ process: started, tell: tellIt }) {
  tellIt({ deregister: true });
  started.child.stdin.end();
  const patience = setTimeout(() => started.child.kill('SIGKILL'), 2_000);
  await started.exited;
  clearTimeout(patience);
}

/** A port to come back on after a crash: below those that the system gives to outgoing connections. */
async function quietPort() {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if (await isFree('127.0.0.1', port)) return port;
  }
}

/** How many istiods follow the bridge, by its admin server. */
async function clientsOf(bridge) {
  const { admin } = await bridge.ready;
  const { body } = await get(Number(admin.split(':').at(-1)), '/clients');
  return JSON.parse(body).clients.length;
}

function ok({ status }) {
  return status === 200;
}

function failed(results) {
  const bad = results.filter((result) => !ok(result));
  return bad.length === 0 ? 'none' : `${bad.length} (${bad[0].status} ${bad[0].body})`;
}

/** How many of the answers came from the instance on that port. */
function share(results, port) {
  return results.filter(({ body }) => body.includes(`:${port}]`)).length;
}

module.exports = { main };
