'use strict';

// What the mesh and the bridge are told, with the ports that this run has.

/** What `inmesh bridge` reads; JSON is YAML. Registries that are not there are left out. */
function bridgeConfig({ nacos, eureka, consul, zookeeper }) {
  // tri is gRPC on the wire; this service is called as plain HTTP with JSON, which tri speaks as well.
  const convert = { overrides: [{ match: { service: 'demo.StockService' }, protocol: 'http' }] };
  return {
    sources: [
      nacos && { type: 'nacos', name: 'nacos', servers: [nacos] },
      eureka && { type: 'eureka', name: 'eureka', servers: [eureka], pollIntervalMs: 500 },
      consul && { type: 'consul', name: 'consul', servers: [consul] },
      zookeeper && { type: 'zookeeper', name: 'zookeeper', servers: [zookeeper], convert },
    ].filter(Boolean),
  };
}

/** A service that is at home in the mesh. */
function service(name, { number, protocol, endpointPort, labels = {} }) {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: { name, namespace: 'default' },
    spec: {
      hosts: [`${name}.default.svc.cluster.local`],
      addresses: [],
      location: 'MESH_INTERNAL',
      resolution: 'STATIC',
      ports: [{ number, name: protocol.toLowerCase(), protocol }],
      endpoints: [{ address: '127.0.0.1', ports: { [protocol.toLowerCase()]: endpointPort }, labels }],
    },
  };
}

/** Istio's YAML of the services that no registry knows. `strict` takes mutual TLS only. */
function meshYaml({ meshApp, envoyApp, strict, greetings }) {
  const objects = [
    meshApp && service('mesh-app', { number: 80, protocol: 'HTTP', endpointPort: meshApp }),
    envoyApp && service('envoy-app', { number: 80, protocol: 'HTTP', endpointPort: envoyApp }),
    strict &&
      service('strict', {
        number: 80,
        protocol: 'HTTP',
        endpointPort: strict,
        labels: { 'security.istio.io/tlsMode': 'istio' },
      }),
    greetings && service('greetings', { number: 20_880, protocol: 'TCP', endpointPort: greetings }),
  ];
  return objects
    .filter(Boolean)
    .map((object) => JSON.stringify(object, null, 1))
    .join('\n---\n');
}

module.exports = { bridgeConfig, meshYaml };
