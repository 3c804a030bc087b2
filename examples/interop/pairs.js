'use strict';

// Who calls whom, by which name, and what a good answer is.

/** Hosts of the HTTP services. Those that the bridge made end with their registry's name. */
const HOSTS = {
  'legacy-nacos': 'legacy-nacos.default-group.public.nacos',
  'legacy-eureka': 'legacy-eureka.eureka',
  'legacy-consul': 'legacy-consul.dc1.consul',
  'dubbo-consumer': 'dubbo-consumer',
  'mesh-app': 'mesh-app',
  'envoy-app': 'envoy-app',
};
const TRI = 'demo.stockservice.dubbo';
const WITH_LISTS = ['legacy-nacos', 'legacy-eureka', 'legacy-consul'];
const DUBBO = { 'greeting (ZooKeeper)': 'known', 'greeting (mesh)': 'mesh' };

/** Only a sidecar has what mutual TLS takes. */
const BEHIND_SIDECAR = 'envoy-app';
/** What a caller without it is told: the endpoint closes the connection. */
const REFUSAL =
  'upstream connect error or disconnect/reset before headers. reset reason: connection termination';

/**
 * `[{caller, callee, how, name, path, status, answers}]`: `path` is asked of the caller, `status` and `answers` are
 * what must come back. `how` is `name` (a host of the mesh), `list` (the registry's client was asked), or `refused`.
 */
function pairs() {
  const byName = Object.keys(HOSTS).flatMap((caller) => [
    ...webCalls(caller),
    triCall(caller),
    strictCall(caller),
  ]);
  return [...byName, ...WITH_LISTS.flatMap(listedCalls), ...dubboCalls()];
}

function webCalls(caller) {
  return Object.entries(HOSTS)
    .filter(([callee]) => callee !== caller)
    .map(([callee, name]) => ({
      ...{ caller, callee, how: 'name', name },
      ...asked(`http://${name}/hello`),
      ...says(caller, `[${callee}]`),
    }));
}

/** HTTP with JSON to a provider of Dubbo's protocol tri. */
function triCall(caller) {
  const url = `http://${TRI}/demo.StockService/level`;
  return { caller, callee: 'tri', how: 'name', name: TRI, ...asked(url, '["four"]'), ...says(caller, '4') };
}

/** The application behind the sidecar once more, where it takes mutual TLS only. */
function strictCall(caller) {
  const pair = { caller, callee: 'strict', name: 'strict', ...asked('http://strict/hello') };
  return caller === BEHIND_SIDECAR
    ? { ...pair, how: 'name', ...says(caller, `[${BEHIND_SIDECAR}]`) }
    : { ...pair, how: 'refused', ...says(caller, REFUSAL, 503) };
}

/** Of the mesh, by the clients' own lists: no registry knows them. And of other registries, by way of the bridge. */
function listedCalls(caller) {
  const others = WITH_LISTS.filter((each) => each !== caller);
  return ['mesh-app', 'envoy-app', 'dubbo-consumer', ...others].map((callee) => ({
    ...{ caller, callee, how: 'list', name: `${callee} in its registry's list` },
    path: `/listed?service=${callee}`,
    ...says(caller, `[${callee}]`),
  }));
}

function dubboCalls() {
  const caller = 'dubbo-consumer';
  return Object.entries(DUBBO).map(([callee, id]) => ({
    ...{ caller, callee, how: 'list', name: `demo.GreetingService in its registry's list`, path: '/greet' },
    ...says(caller, `hello you from ${id}`),
  }));
}

function asked(url, json) {
  return { path: `/call?${new URLSearchParams(json ? { url, json } : { url })}` };
}

function says(caller, text, status = 200) {
  return { status, answers: `[${caller}] -> ${text}` };
}

module.exports = { HOSTS, pairs, WITH_LISTS };
