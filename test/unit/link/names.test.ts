import assert from 'node:assert/strict';
import { DomainTable } from '../../../src/link/worker/domains';
import { fullNames, parseOutbound } from '../../../src/link/worker/names';

const DOMAIN = 'shop.svc.cluster.local';

function domainTable(domains: Readonly<Record<string, readonly string[]>>): DomainTable<string> {
  return new DomainTable(80, Object.keys(domains), (item) => domains[item]!);
}

describe('link names', () => {
  it('reads outbound|port|subset|host and nothing else', () => {
    assert.deepEqual(parseOutbound('outbound|80|v1|a.b'), { port: 80, subset: 'v1', host: 'a.b' });
    for (const name of [
      'PassthroughCluster',
      'inbound|80||',
      'outbound|x||a',
      'outbound|80|a',
      'outbound|80||',
      'outbound|0||a',
      '',
    ]) {
      assert.equal(parseOutbound(name), undefined, name);
    }
  });

  it("short names belong to the node's domain", () => {
    const first = (host: string) => fullNames(host, DOMAIN)[1];
    assert.equal(first('reviews'), 'reviews.shop.svc.cluster.local');
    assert.equal(first('reviews.other'), 'reviews.other.svc.cluster.local');
    assert.equal(first('reviews.other.svc'), 'reviews.other.svc.cluster.local');
    assert.deepEqual(fullNames('a.b.example.com', DOMAIN), [
      'a.b.example.com',
      '*.b.example.com',
      '*.example.com',
      '*.com',
    ]);
  });

  it('domains: case, trailing dot, port of the listener and IPv6 brackets do not matter', () => {
    const table = domainTable({
      a: ['Reviews.Test.', 'with-port.test:80', 'other-port.test:81'],
      b: ['[2001:db8::1]', '2001:db8::2', '[2001:db8::3]:80', '10.0.0.1'],
    });
    for (const host of ['reviews.test', 'with-port.test']) assert.equal(table.find(host), 'a', host);
    for (const host of ['2001:db8::1', '[2001:db8::2]', '2001:db8::3', '10.0.0.1'])
      assert.equal(table.find(host), 'b', host);
    assert.equal(table.find('other-port.test'), undefined);
    const names = [...table.names()];
    for (const name of ['2001:db8::1', '[2001:db8::1]', 'reviews.test'])
      assert.ok(names.includes(name), name);
  });

  it('a wildcard needs something in its place, and the longest wins', () => {
    const table = domainTable({ short: ['*.test'], long: ['*.b.test'], any: ['*'] });
    assert.equal(table.find('.test'), 'any');
    assert.equal(table.find('x.test'), 'short');
    assert.equal(table.find('a.b.test'), 'long');
    assert.equal(table.any, 'any');
  });

  it('of two that name a domain, with the port or without, the first has it', () => {
    const table = domainTable({ first: ['x.test', 'a.test:80'], second: ['a.test', 'b.test', 'a.test:80'] });
    assert.equal(table.find('a.test'), 'first');
    assert.equal(table.find('b.test'), 'second');
  });
});
