/** To which hosts and whom a VirtualService applies. */

import { type DevCase, object, REVIEWS, routes, service, TO_V1 } from './base';

export const HOST_CASES: readonly DevCase[] = [
  {
    title: 'unknown destination host, host without dots of another namespace',
    yaml: routes(`
- match: [{uri: {prefix: /1}}]
  route: [{destination: {host: nowhere.example.com}}]
- route: [{destination: {host: absent}}]`),
  },
  {
    title: 'hosts: in no registry, several, wildcard',
    yaml:
      REVIEWS +
      service('cart') +
      service('pay') +
      object(
        'VirtualService',
        'outside',
        'hosts: [www.example.com, Api.Example.com]\nhttp: [{route: [{destination: {host: reviews}}]}]',
      ) +
      object(
        'VirtualService',
        'both',
        `hosts: [reviews, cart.shop.svc.cluster.local]\nhttp: [{timeout: 2s, ${TO_V1.replace(', subset: v1', '')}}]`,
      ) +
      object(
        'VirtualService',
        'wild',
        'hosts: ["*.shop.svc.cluster.local"]\nhttp: [{timeout: 9s, route: [{destination: {host: pay}}]}]',
      ) +
      object(
        'VirtualService',
        'wild-outside',
        'hosts: ["*.wild.test"]\nhttp: [{route: [{destination: {host: pay}}]}]',
      ),
    ports: [80, 8080, 9999],
  },
  {
    title: 'two VirtualServices of one host: the first by name counts',
    yaml:
      REVIEWS +
      object(
        'VirtualService',
        'b',
        'hosts: [reviews]\nhttp: [{timeout: 2s, route: [{destination: {host: reviews}}]}]',
      ) +
      object(
        'VirtualService',
        'a',
        'hosts: [reviews]\nhttp: [{timeout: 1s, route: [{destination: {host: reviews}}]}]',
      ),
  },
  {
    title: 'exportTo of VirtualServices: private, none, another namespace',
    yaml:
      service('one') +
      service('two') +
      service('three') +
      service('four', 'other') +
      object(
        'VirtualService',
        'one',
        'hosts: [one]\nexportTo: ["."]\nhttp: [{timeout: 1s, route: [{destination: {host: one}}]}]',
      ) +
      object(
        'VirtualService',
        'two',
        'hosts: [two]\nexportTo: [other]\nhttp: [{timeout: 2s, route: [{destination: {host: two}}]}]',
      ) +
      object(
        'VirtualService',
        'three',
        'hosts: [three.shop.svc.cluster.local]\nexportTo: [shop]\nhttp: [{timeout: 3s, route: [{destination: {host: three.shop.svc.cluster.local}}]}]',
        'other',
      ) +
      object(
        'VirtualService',
        'four',
        'hosts: [four]\nexportTo: ["."]\nhttp: [{timeout: 4s, route: [{destination: {host: four}}]}]',
        'other',
      ),
  },
  {
    title: 'only for a gateway: not for the mesh',
    yaml: routes(`\n- ${TO_V1}`, 'gateways: [edge]'),
  },
  {
    title: 'v1beta1 and v1alpha3 objects',
    yaml: routes(`\n- ${TO_V1}`)
      .replace('networking.istio.io/v1\nkind: Dest', 'networking.istio.io/v1beta1\nkind: Dest')
      .replace('networking.istio.io/v1\nkind: Virt', 'networking.istio.io/v1alpha3\nkind: Virt'),
  },
];
