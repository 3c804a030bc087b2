'use strict';

// Both worlds: applications of every kind of registry, a service of the mesh under the agent and one behind a sidecar.
const path = require('node:path');
const { get } = require('../demo/load');
const { run } = require('../demo/stage');
const { meshYaml } = require('./mesh');
const { HOSTS, pairs, WITH_LISTS } = require('./pairs');

const root = path.join(__dirname, '..', '..');
const PATIENCE_MS = 120_000;
const AGAIN_MS = 100;

/**
 * Names that are no hosts by themselves: interfaces of Dubbo, and what other registries have. A registry's own services
 * are not among them: there it is the only authority.
 */
function hostsFor(name) {
  const own = name.replace('legacy-', '');
  const others = WITH_LISTS.filter((each) => each !== name).map((each) => `${own}/${each}=${HOSTS[each]}`);
  return WITH_LISTS.includes(name)
    ? others.join()
    : 'dubbo/demo.GreetingService=greetings.default.svc.cluster.local:20880';
}

/**
 * Starts the applications among `peers`, tells the mesh of them, and lets everybody call everybody.
 *
 * `peers` are started already: addresses `nacos`, `eureka`, `consul`, `zookeeper` of the registries and `xds` of the
 * control plane, the ports `sidecar` (`{outbound, inbound, strict}`) and `greetings` (a Dubbo provider that no registry
 * knows), `clients` (a `node_modules` with the registries' clients), `serve(port)` that puts the application behind the
 * sidecar, and `apply(yaml)` that gives Istio's YAML to the control plane. Processes are added to `children`.
 * Gives `[{caller, callee, how, name, ok, status, answer}]`.
 */
async function play(peers, children) {
  const ports = await startApplications(peers, children);
  await peers.serve(ports.get('envoy-app'));
  await peers.apply(
    meshYaml({
      http: {
        'mesh-app': ports.get('mesh-app'),
        'dubbo-consumer': ports.get('dubbo-consumer'),
        'envoy-app': peers.sidecar.inbound,
      },
      strict: peers.sidecar.strict,
      greetings: peers.greetings,
    }),
  );
  const results = [];
  const deadline = performance.now() + PATIENCE_MS;
  await Promise.all(
    pairs().map(async (pair, at) => {
      results[at] = await tried(pair, ports.get(pair.caller), deadline);
    }),
  );
  return results;
}

async function startApplications(peers, children) {
  const { nacos, eureka, consul, zookeeper, sidecar } = peers;
  const environments = {
    'legacy-nacos': { NACOS: nacos },
    'legacy-eureka': { EUREKA: eureka },
    'legacy-consul': { CONSUL: consul },
    'dubbo-consumer': { ZOOKEEPER: zookeeper },
    'mesh-app': {},
    'envoy-app': { VIA: `127.0.0.1:${sidecar.outbound}` },
  };
  const ports = new Map();
  await Promise.all(
    Object.entries(environments).map(async ([name, env]) => {
      const file = /^legacy-|^dubbo-/.test(name) ? name : 'mesh-app';
      const script = path.join(__dirname, 'apps', `${file}.js`);
      const agent = name === 'envoy-app' ? {} : agentOf(name, peers.xds);
      const app = run(children, [script], { NAME: name, NODE_PATH: peers.clients, ...agent, ...env });
      ports.set(name, (await app.ready).listening);
    }),
  );
  return ports;
}

/** All that an application needs to be in the mesh. */
function agentOf(name, xds) {
  return {
    NODE_OPTIONS: `--require "${path.join(root, 'preload.js')}"`,
    INMESH_XDS: `grpc://${xds}`,
    // The machine may be busy: first calls wait for the mesh as long as it takes.
    INMESH_FIRST_USE_TIMEOUT: '20s',
    INMESH_REGISTRY_HOSTS: hostsFor(name),
    POD_NAME: `${name}-1`,
    POD_NAMESPACE: 'default',
    INSTANCE_IP: '127.0.0.1',
  };
}

/** A new service is known everywhere a moment later: a pair is tried until its answer is as it must be. */
async function tried(pair, port, deadline) {
  for (;;) {
    const { status, body } = await get(port, pair.path);
    const ok = status === pair.status && body === pair.answers;
    if (ok || performance.now() > deadline) return { ...pair, ok, status, answer: body };
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}

module.exports = { play };
