/** Names under which a service can be called, in istiod's order. */

import { strict as assert } from 'node:assert';
import { domainsOf } from '../../../src/dev/generate/domains';
import { hostSubsetOf, hostsMatch, mostSpecific, toFqdn } from '../../../src/dev/mesh/host-names';
import type { Service } from '../../../src/dev/mesh/service';

function domains(host: string, dnsDomain: string, vip = ''): readonly string[] {
  return domainsOf({ host, vip } as Service, dnsDomain).all;
}

describe('domains of a service', () => {
  it('in its own namespace: full, with dot, bare, .svc, with namespace, address', () => {
    assert.deepEqual(domains('reviews.shop.svc.cluster.local', 'shop.svc.cluster.local', '240.1.0.1'), [
      'reviews.shop.svc.cluster.local',
      'reviews.shop.svc.cluster.local.',
      'reviews',
      'reviews.shop.svc',
      'reviews.shop',
      '240.1.0.1',
    ]);
  });

  it('from another namespace: not the bare name', () => {
    assert.deepEqual(domains('reviews.shop.svc.cluster.local', 'other.svc.cluster.local'), [
      'reviews.shop.svc.cluster.local',
      'reviews.shop.svc.cluster.local.',
      'reviews.shop',
      'reviews.shop.svc',
    ]);
  });

  it('outside the cluster domain: the name and its dotted form; IPv6 in brackets', () => {
    const domain = 'shop.svc.cluster.local';
    assert.deepEqual(domains('api.example.com', domain), ['api.example.com', 'api.example.com.']);
    assert.deepEqual(domains('a.test', domain, 'fd00::1'), ['a.test', 'a.test.', '[fd00::1]']);
  });

  it('with a domain that is not Kubernetes-like: what is left of the shared end', () => {
    assert.deepEqual(domains('foo.local.campus.net', 'local.campus.net'), [
      'foo.local.campus.net',
      'foo.local.campus.net.',
      'foo',
    ]);
    assert.deepEqual(domains('foo.local.campus.net', 'remote.campus.net'), [
      'foo.local.campus.net',
      'foo.local.campus.net.',
      'foo.local',
      'foo.local.campus',
    ]);
  });
});

describe('host names', () => {
  it('short names belong to the namespace', () => {
    assert.equal(toFqdn('reviews', 'shop'), 'reviews.shop.svc.cluster.local');
    assert.equal(toFqdn('a.b', 'shop'), 'a.b');
    assert.equal(toFqdn('*', 'shop'), '*');
  });

  it('wildcards', () => {
    assert.equal(hostsMatch('*.example.com', 'a.example.com'), true);
    assert.equal(hostsMatch('*.example.com', '*.com'), true);
    assert.equal(hostsMatch('*.example.com', 'example.org'), false);
    assert.equal(hostSubsetOf('a.example.com', '*.example.com'), true);
    assert.equal(hostSubsetOf('*.a.com', '*.com'), true);
    assert.equal(hostSubsetOf('*.com', '*.a.com'), false);
    assert.equal(hostSubsetOf('a.com', 'b.com'), false);
    assert.equal(mostSpecific('a.b.com', ['*.com', '*.b.com', '*']), '*.b.com');
    assert.equal(mostSpecific('a.b.com', ['*.com', 'a.b.com']), 'a.b.com');
    assert.equal(mostSpecific('a.b.com', ['b.b.com']), undefined);
  });
});
