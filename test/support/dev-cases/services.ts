/** ServiceEntries in all their forms, WorkloadEntries and Sidecars. */

import { type DevCase, object, REVIEWS, service } from './base';

const PORT = 'ports: [{number: 80, name: http, protocol: HTTP}]';

export const SERVICE_CASES: readonly DevCase[] = [
  {
    title: 'DNS: own host, endpoints by name and address, targetPort',
    yaml:
      object(
        'ServiceEntry',
        'own',
        `hosts: [api.example.com]\nresolution: DNS\nports: [{number: 80, name: http, protocol: HTTP, targetPort: 8000}, {number: 443, name: tls, protocol: TLS}]`,
      ) +
      object(
        'ServiceEntry',
        'names',
        `hosts: [names.example.com]\nresolution: DNS\n${PORT}\nendpoints: [{address: a.example.com, labels: {v: a}, locality: r1/z1}, {address: 10.1.1.1, ports: {http: 81}, labels: {v: b}, locality: r2/z2, weight: 4}]`,
      ) +
      object(
        'DestinationRule',
        'names',
        'host: names.example.com\ntrafficPolicy: {outlierDetection: {consecutive5xxErrors: 1}}\nsubsets: [{name: a, labels: {v: a}}, {name: none, labels: {v: z}}]',
      ),
    ports: [80, 443],
  },
  {
    title: 'DNS_ROUND_ROBIN',
    yaml: object(
      'ServiceEntry',
      'rr',
      `hosts: [rr.example.com]\nresolution: DNS_ROUND_ROBIN\n${PORT}\nendpoints: [{address: b.example.com}]`,
    ),
  },
  {
    title: 'NONE: passed through, with targetPort, wildcard host',
    yaml:
      object('ServiceEntry', 'none', `hosts: ["*.example.com"]\nresolution: NONE\n${PORT}`) +
      object(
        'ServiceEntry',
        'target',
        'hosts: [t.example.org]\nlocation: MESH_INTERNAL\nports: [{number: 80, name: http, protocol: HTTP, targetPort: 81}]',
      ),
  },
  {
    title: 'STATIC without endpoints, external, several hosts, several addresses',
    yaml:
      object(
        'ServiceEntry',
        'vips',
        `hosts: [vips.shop.svc.cluster.local]\naddresses: [240.2.0.1, 240.2.0.2/32]\nresolution: STATIC\nports: [{number: 81, name: tcp, protocol: TCP}]\nendpoints: [{address: 10.2.0.1}]`,
      ) +
      object(
        'ServiceEntry',
        'empty',
        `hosts: [empty.shop.svc.cluster.local]\nresolution: STATIC\nlocation: MESH_INTERNAL\n${PORT}\nendpoints: []`,
      ) +
      object(
        'ServiceEntry',
        'many',
        `hosts: [m1.example.com, m2.shop.svc.cluster.local]\nresolution: STATIC\n${PORT}\nendpoints: [{address: 10.2.0.1}]`,
      ),
  },
  {
    title: 'port protocols',
    ports: [80, 81, 82, 83, 84, 85, 86],
    yaml: object(
      'ServiceEntry',
      'protocols',
      `
hosts: [p.shop.svc.cluster.local]
resolution: STATIC
location: MESH_INTERNAL
ports:
- {number: 80, name: http2, protocol: HTTP2}
- {number: 81, name: grpc, protocol: GRPC}
- {number: 82, name: tcp, protocol: TCP}
- {number: 83, name: https, protocol: HTTPS}
- {number: 84, name: unknown}
- {number: 85, name: udp, protocol: UDP}
- {number: 86, name: web, protocol: GRPC-Web}
endpoints: [{address: 10.3.0.1}]`,
    ),
  },
  {
    title: 'WorkloadEntries selected by labels, service accounts, tlsMode',
    yaml:
      object(
        'ServiceEntry',
        'sel',
        `hosts: [sel.shop.svc.cluster.local]\nlocation: MESH_INTERNAL\nresolution: STATIC\nports: [{number: 80, name: http, protocol: HTTP, targetPort: 8080}]\nworkloadSelector: {labels: {app: sel}}`,
      ) +
      object(
        'WorkloadEntry',
        'w1',
        'address: 10.4.0.1\nlabels: {app: sel, version: v1}\nserviceAccount: sel\nlocality: r1/z1\nweight: 2',
      ) +
      object(
        'WorkloadEntry',
        'w2',
        'address: 10.4.0.2\nlabels: {app: sel, security.istio.io/tlsMode: disabled}\nports: {http: 9090}\nserviceAccount: sel2',
      ) +
      object(
        'WorkloadEntry',
        'w3',
        'address: 10.4.0.3\nlabels: {version: v3}',
        'shop',
        ', labels: {app: sel}',
      ) +
      object('WorkloadEntry', 'w4', 'address: 10.4.0.4\nlabels: {app: sel}', 'other') +
      object(
        'DestinationRule',
        'sel',
        'host: sel\nsubsets: [{name: v1, labels: {version: v1}}, {name: mtls, labels: {app: sel}, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}, {name: plain, labels: {app: sel}, trafficPolicy: {tls: {mode: DISABLE}}}]',
      ),
  },
  {
    title: 'subjectAltNames and canonical names',
    yaml: object(
      'ServiceEntry',
      'san',
      `hosts: [san.shop.svc.cluster.local]\nlocation: MESH_INTERNAL\nresolution: STATIC\n${PORT}\nsubjectAltNames: ["spiffe://cluster.local/ns/shop/sa/z", "spiffe://cluster.local/ns/shop/sa/a"]\nendpoints: [{address: 10.5.0.1, serviceAccount: m, labels: {app: canon, version: latest}}, {address: 10.5.0.2, labels: {service.istio.io/canonical-name: c, app.kubernetes.io/version: "7"}}]`,
    ),
  },
  {
    title: 'two ServiceEntries of one host: ports and endpoints joined',
    ports: [80, 81],
    yaml:
      object(
        'ServiceEntry',
        'one',
        `hosts: [both.shop.svc.cluster.local]\nlocation: MESH_INTERNAL\nresolution: STATIC\n${PORT}\nendpoints: [{address: 10.6.0.1}]`,
      ) +
      object(
        'ServiceEntry',
        'two',
        'hosts: [both.shop.svc.cluster.local]\nlocation: MESH_INTERNAL\nresolution: STATIC\nports: [{number: 81, name: http-b, protocol: HTTP}]\nendpoints: [{address: 10.6.0.2}]',
      ),
  },
  {
    title: 'one host in two namespaces, and exportTo of ServiceEntries',
    yaml:
      object(
        'ServiceEntry',
        'x',
        `hosts: [same.example.com]\nresolution: STATIC\n${PORT}\nendpoints: [{address: 10.7.0.1}]`,
        'other',
      ) +
      object(
        'ServiceEntry',
        'x',
        `hosts: [same.example.com]\nresolution: STATIC\n${PORT}\nendpoints: [{address: 10.7.0.2}]`,
      ) +
      service('private', 'other', 'exportTo: ["."]') +
      service('hidden', 'shop', 'exportTo: ["~"]') +
      service('mine', 'shop', 'exportTo: ["."]') +
      service('given', 'other', 'exportTo: [shop]'),
  },
  {
    title: 'short names seen from another namespace',
    node: { namespace: 'other' },
    yaml: REVIEWS + service('near', 'other'),
  },
  {
    title: 'Sidecar: own namespace only, REGISTRY_ONLY',
    yaml:
      REVIEWS +
      service('far', 'other') +
      object(
        'Sidecar',
        'default',
        'egress: [{hosts: ["./*"]}]\noutboundTrafficPolicy: {mode: REGISTRY_ONLY}',
      ),
  },
  {
    title: 'Sidecar: hosts, wildcards, exclusion, destinations of rules imported',
    yaml:
      REVIEWS +
      service('cart') +
      service('far', 'other') +
      service('further', 'other') +
      object(
        'VirtualService',
        'cart',
        'hosts: [cart]\nhttp: [{route: [{destination: {host: further.other.svc.cluster.local}}]}]',
      ) +
      object(
        'Sidecar',
        'default',
        'egress: [{hosts: ["shop/cart.shop.svc.cluster.local", "*/far.other.svc.cluster.local"]}]',
      ),
  },
  {
    title: 'Sidecar: listeners by port',
    yaml:
      REVIEWS +
      service('cart') +
      object(
        'Sidecar',
        'default',
        'egress: [{port: {number: 8080, protocol: HTTP, name: alt}, hosts: ["./reviews.shop.svc.cluster.local"]}, {hosts: ["./cart.shop.svc.cluster.local"]}]',
      ),
  },
  {
    title: 'Sidecar: of the workload before that of the namespace',
    node: { labels: { app: 'web' } },
    yaml:
      REVIEWS +
      service('cart') +
      object('Sidecar', 'all', 'egress: [{hosts: ["./*"]}]') +
      object(
        'Sidecar',
        'web',
        'workloadSelector: {labels: {app: web}}\negress: [{hosts: ["./cart.shop.svc.cluster.local"]}]',
      ),
  },
  {
    title: 'Sidecar: of the root namespace for all',
    yaml:
      REVIEWS +
      service('far', 'other') +
      object('Sidecar', 'default', 'egress: [{hosts: ["./*"]}]', 'istio-system'),
  },
  { title: 'an empty mesh', yaml: '' },
];
