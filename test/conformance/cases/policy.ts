/** envoy.md §1, §2: what is outside the mesh, and what a Sidecar lets a client see. */

import type { CaseGroup } from '../bed';
import { object, routes, service, THREE, TO_V2, virtualService } from './base';

/** The Sidecar objects that make the clients `closed` and `scoped` what they are. */
const CLOSED = object(
  'Sidecar',
  'default',
  'egress: [{hosts: ["*/*"]}]\noutboundTrafficPolicy: {mode: REGISTRY_ONLY}',
  'closed',
);
const SCOPED = object(
  'Sidecar',
  'default',
  'egress: [{hosts: ["./*", "team/*", "shop/seen.$name.test"]}]\noutboundTrafficPolicy: {mode: REGISTRY_ONLY}',
  'scoped',
);
const onPort = (port: string) =>
  service(['b1']).replace('number: 8080', `number: ${port}`).replaceAll('http-alt', 'http-own');

export const POLICY: CaseGroup = {
  title: 'outbound policy and scope',
  cases: [
    {
      title: 'ALLOW_ANY: an unknown host on a port of the mesh passes through',
      yaml: onPort('$b1'),
      requests: [
        { host: 'localhost', port: '$b1', path: '/x/../y?a' },
        { host: '127.0.0.1', port: '$b1', method: 'POST', body: 'b' },
        { host: 'localhost', port: '$b1', steps: [{ status: 503 }] },
      ],
      expect: ['b1', 'b1', '503 b1'],
      tolerate: PASSES(),
    },
    {
      title: 'ALLOW_ANY: a port that no service has',
      yaml: service(['b2']),
      requests: [{ host: 'localhost', port: '$b1' }],
      expect: 'b1',
      tolerate: PASSES(),
    },
    {
      title: 'REGISTRY_ONLY: an unknown host is answered 502',
      client: 'closed',
      yaml: CLOSED + onPort('$b1'),
      requests: [
        { host: '$host' },
        { host: 'unknown.$name.test' },
        { host: 'unknown.$name.test', port: '$b1', method: 'POST', body: 'b' },
        { host: '$host', headers: { host: 'unknown.$name.test' } },
      ],
      expect: ['b1', '502', '502', '502'],
    },
    {
      title: 'REGISTRY_ONLY: rules of the mesh work as ever',
      client: 'closed',
      yaml: routes(`- headers: {request: {set: {x-a: b}}}\n  ${TO_V2}`),
      requests: [{ path: '/a' }],
      expect: 'b2',
    },
    {
      title: 'Sidecar egress: what is in scope, and what is not',
      client: 'scoped',
      yaml:
        SCOPED +
        service(['b1']) +
        service(['b2'], 'seen.$name.test', 'seen-$name') +
        service(['b3'], 'own.$name.test', 'own-$name').replace('namespace: shop', 'namespace: scoped') +
        service(['b4'], 'team.$name.test', 'team-$name').replace('namespace: shop', 'namespace: team'),
      requests: ['$host', 'seen.$name.test', 'own.$name.test', 'team.$name.test'].map((host) => ({ host })),
      expect: ['502', 'b2', 'b3', 'b4'],
    },
    {
      title: 'exportTo "." hides a service from other namespaces',
      client: 'closed',
      yaml:
        service(['b1'], '$host', '$name').replace('location:', 'exportTo: ["."]\n  location:') +
        service(['b2'], 'open.$name.test', 'open-$name'),
      requests: [{}, { host: 'open.$name.test' }],
      expect: ['502', 'b2'],
    },
    {
      title: 'exportTo of a VirtualService: other namespaces do not see the rule',
      client: 'closed',
      yaml:
        THREE +
        object(
          'VirtualService',
          '$name',
          `hosts: [$host]\nexportTo: ["."]\nhttp: [{directResponse: {status: 418}}]`,
        ),
      requests: [{}],
      backends: 'any',
    },
    {
      title: 'a VirtualService for a gateway only does not count for the mesh',
      yaml: service(['b1']) + virtualService('- directResponse: {status: 418}', 'gateways: [edge]\n'),
      requests: [{}],
      expect: 'b1',
    },
    {
      title: 'delegation: the rules of the delegate under the match of the root',
      yaml:
        THREE +
        object(
          'VirtualService',
          '$name',
          `hosts: [$host]\nhttp:\n- match: [{uri: {prefix: /api}}]\n  delegate: {name: leaf-$name, namespace: team}\n- route: [{destination: {host: $host, subset: v1}}]`,
        ) +
        object(
          'VirtualService',
          'leaf-$name',
          `http:\n- match: [{uri: {prefix: /api/v2}}]\n  route: [{destination: {host: $host, subset: v2}}]\n- route: [{destination: {host: $host, subset: v3}}]`,
          'team',
        ),
      requests: [{ path: '/api/v2' }, { path: '/api/x' }, { path: '/' }],
      expect: ['b2', 'b3', 'b1'],
    },
    {
      title: 'MESH_EXTERNAL services are as others',
      yaml: service(['b1']).replace('MESH_INTERNAL', 'MESH_EXTERNAL'),
      requests: [{}, { port: 8080 }],
      expect: 'b1',
    },
  ],
};

function PASSES() {
  const why = 'a call that passes through is untouched: it does not go through inmesh at all';
  return Object.fromEntries(
    [
      'request path',
      'request header x-request-id',
      'request header x-forwarded-proto',
      'request header x-envoy-attempt-count',
      'request header host',
      'response header x-envoy-upstream-service-time',
    ].map((part) => [part, why]),
  );
}
