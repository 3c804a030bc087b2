'use strict';

// Who calls whom, by which name, and what a good answer is.

/** Names by which HTTP services are called. Those of the bridge end with their registry's name. */
const NAMES = {
  'legacy-nacos': 'legacy-nacos.default-group.public.nacos',
  'legacy-eureka': 'legacy-eureka.eureka',
  'legacy-consul': 'legacy-consul.dc1.consul',
  'mesh-app': 'mesh-app',
  'envoy-app': 'envoy-app',
};
const HTTP_CALLERS = Object.keys(NAMES);
const WITH_REGISTRY = ['legacy-nacos', 'legacy-eureka', 'legacy-consul'];
/** Under the agent, which has no identity for mutual TLS. */
const UNDER_AGENT = [...WITH_REGISTRY, 'mesh-app'];

/** What the agent says when an endpoint takes mutual TLS only, and its caller cannot. */
const REFUSAL = /^\[[\w-]+\] -> upstream connect error or disconnect\/reset before headers/;

/**
 * `[{caller, callee, how, name, path, status, body}]`: `path` is asked of the caller, `status` and `body` are what
 * must come back, `how` is `name` (a host of the mesh), `list` (what its registry's client listed) or `refused`.
 */
function pairs() {
  const all = [];
  for (const caller of HTTP_CALLERS) {
    for (const [callee, host] of Object.entries(NAMES)) {
      if (callee === caller) continue;
      all.push({
        caller,
        callee,
        how: 'name',
        name: host,
        path: callPath(`http://${host}/hello`),
        ...says(callee),
      });
    }
    all.push(triCall(caller), strictCall(caller));
  }
  for (const caller of WITH_REGISTRY) {
    for (const callee of ['mesh-app', 'envoy-app']) {
      const path = `/listed?service=${callee}`;
      all.push({
        caller,
        callee,
        how: 'list',
        name: `${callee}, listed by its client`,
        path,
        ...says(callee),
      });
    }
  }
  for (const [callee, id] of [
    ['dubbo (ZooKeeper)', 'known'],
    ['dubbo (mesh)', 'mesh'],
  ]) {
    const body = new RegExp(`^\\[dubbo-consumer\\] -> hello you from ${id}$`);
    const name = 'demo.GreetingService, listed by its client';
    all.push({ caller: 'dubbo-consumer', callee, how: 'list', name, path: '/greet', status: 200, body });
  }
  return all;
}

/** HTTP with JSON to a provider of Dubbo's protocol tri. */
function triCall(caller) {
  const name = 'demo.stockservice.dubbo';
  const path = callPath(`http://${name}/demo.StockService/level`, '["four"]');
  return { caller, callee: 'tri', how: 'name', name, path, status: 200, body: /\] -> 4$/ };
}

function strictCall(caller) {
  const all = { caller, callee: 'strict', name: 'strict', path: callPath('http://strict/hello') };
  return UNDER_AGENT.includes(caller)
    ? { ...all, how: 'refused', status: 503, body: REFUSAL }
    : { ...all, how: 'name', ...says('envoy-app') };
}

function says(callee) {
  return { status: 200, body: new RegExp(`\\] -> \\[${callee}\\]$`) };
}

function callPath(url, json) {
  return `/call?${new URLSearchParams(json ? { url, json } : { url })}`;
}

module.exports = { pairs };
