/** envoy.md §2 and §4: which virtual host takes a request. */

import type { CaseGroup } from '../bed';
import {
  object,
  ROUND_ROBIN,
  routes,
  rule,
  SUBSETS,
  service,
  THREE,
  TO_V1,
  TO_V2,
  virtualService,
} from './base';

export const HOSTS: CaseGroup = {
  title: 'hosts',
  cases: [
    {
      title: 'all names of a service: full, short ones, trailing dot, letter case, port in Host',
      yaml: routes(`- ${TO_V2}`),
      requests: [
        { host: '$host' },
        { host: '$name' },
        { host: '$name.shop' },
        { host: '$name.shop.svc' },
        { headers: { host: '$host.' } },
        { headers: { host: '$name.SHOP.svc.Cluster.local' } },
        { headers: { host: '$host:80' } },
        { headers: { host: '$host:81' } },
        { headers: { host: '$name:9999' } },
      ],
      expect: 'b2',
    },
    {
      title: 'a VIP of the service as host',
      yaml:
        service(['b1', 'b2']).replace('location:', 'addresses: [240.9.0.1]\n  location:') +
        rule(`${ROUND_ROBIN}\n${SUBSETS}`) +
        virtualService(`- ${TO_V2}`),
      requests: [
        { host: '240.9.0.1' },
        { host: '240.9.0.1', port: 8080 },
        { headers: { host: '240.9.0.1' } },
      ],
      expect: 'b2',
    },
    {
      title: 'the Host header decides, not the address that was dialled',
      yaml:
        THREE +
        virtualService(`- ${TO_V1}`) +
        service(['b4'], 'other-$name.shop.svc.cluster.local', 'other-$name'),
      requests: [
        { headers: { host: 'other-$name.shop.svc.cluster.local' } },
        { host: 'other-$name', headers: { host: '$host' } },
      ],
      expect: ['b4', 'b1'],
    },
    {
      title: 'the same service on a second port',
      yaml: routes(`- ${TO_V2}`),
      requests: [{ port: 8080 }, { host: '$name', port: 8080 }, { port: 8080, headers: { host: '$host' } }],
      expect: 'b2',
    },
    {
      title: 'wildcard domains: exact before the longest suffix before a shorter one',
      yaml:
        THREE +
        object('VirtualService', 'exact-$name', `hosts: [a.b.$name.test]\nhttp: [{${TO_V1}}]`) +
        object('VirtualService', 'long-$name', `hosts: ["*.b.$name.test"]\nhttp: [{${TO_V2}}]`) +
        object(
          'VirtualService',
          'short-$name',
          `hosts: ["*.$name.test"]\nhttp: [{route: [{destination: {host: $host, subset: v3}}]}]`,
        ),
      requests: [
        'a.b.$name.test',
        'x.b.$name.test',
        'x.y.b.$name.test',
        'b.$name.test',
        'A.B.$name.TEST',
      ].map((host) => ({ host })),
      expect: ['b1', 'b2', 'b2', 'b3', 'b1'],
    },
    {
      title: 'a VirtualService for a host in no registry',
      yaml: THREE + object('VirtualService', '$name', `hosts: [www.$name.test]\nhttp: [{${TO_V2}}]`),
      requests: [{ host: 'www.$name.test' }, { headers: { host: 'www.$name.test' } }],
      expect: 'b2',
    },
    {
      title: 'one VirtualService for several hosts',
      yaml:
        THREE +
        service(['b4'], 'more-$name.shop.svc.cluster.local', 'more-$name') +
        object(
          'VirtualService',
          '$name',
          `hosts: [$host, more-$name.shop.svc.cluster.local]\nhttp: [{${TO_V2}}]`,
        ),
      requests: [{}, { host: 'more-$name' }],
      expect: 'b2',
    },
    {
      title: 'a service of another namespace: no bare name',
      yaml:
        service(['b1']) +
        service(['b2'], 'far-$name.team.svc.cluster.local', 'far-$name').replace(
          'namespace: shop',
          'namespace: team',
        ),
      requests: [
        { host: 'far-$name.team.svc.cluster.local' },
        { host: 'far-$name.team' },
        { headers: { host: 'far-$name.team.svc' } },
      ],
      expect: 'b2',
    },
    {
      title: 'a destination by a short name, resolved in the namespace of the rule',
      yaml: THREE + virtualService('- route: [{destination: {host: $name, subset: v3}}]'),
      requests: [{}],
      expect: 'b3',
    },
    {
      title: 'a destination on another port of the service',
      yaml:
        service(['- {address: 127.0.0.1, ports: {http: $b1, http-alt: $b2}}']) +
        virtualService('- route: [{destination: {host: $host, port: {number: 8080}}}]'),
      requests: [{}],
      expect: 'b2',
    },
    {
      title: 'a service without rules',
      yaml: service(['b1']),
      requests: [{}, { port: 8080, path: '/x/../y?z' }, { method: 'POST', body: 'hello' }],
      expect: 'b1',
    },
  ],
};
