'use strict';

// What the mesh and the bridge are told, with the ports that this run has.

/** What `inmesh bridge` reads; JSON is YAML. */
function bridgeConfig({ nacos, eureka, consul, zookeeper }) {
  // tri is gRPC on the wire; this service is called as plain HTTP with JSON, which tri speaks as well.
  const convert = { overrides: [{ match: { service: 'demo.StockService' }, protocol: 'http' }] };
  return {
    sources: [
      { type: 'nacos', name: 'nacos', servers: [nacos] },
      { type: 'eureka', name: 'eureka', servers: [eureka], pollIntervalMs: 500 },
      { type: 'consul', name: 'consul', servers: [consul] },
      { type: 'zookeeper', name: 'zookeeper', servers: [zookeeper], convert },
    ],
  };
}

/** Istio's YAML of what no registry knows; JSON is YAML. Values are ports; `strict` takes mutual TLS only. */
function meshYaml({ http, strict, greetings }) {
  const tlsMode = { 'security.istio.io/tlsMode': 'istio' };
  return [
    ...Object.entries(http).map(([name, port]) => service(name, { number: 80, protocol: 'HTTP', port })),
    service('strict', { number: 80, protocol: 'HTTP', port: strict, labels: tlsMode }),
    service('greetings', { number: 20_880, protocol: 'TCP', port: greetings }),
  ]
    .map((object) => JSON.stringify(object, null, 1))
    .join('\n---\n');
}

/** A service that is at home in the mesh. */
function service(name, { number, protocol, port, labels = {} }) {
  const portName = protocol.toLowerCase();
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: { name, namespace: 'default' },
    spec: {
      hosts: [`${name}.default.svc.cluster.local`],
      location: 'MESH_INTERNAL',
      resolution: 'STATIC',
      ports: [{ number, name: portName, protocol }],
      endpoints: [{ address: '127.0.0.1', ports: { [portName]: port }, labels }],
    },
  };
}

module.exports = { bridgeConfig, meshYaml };
