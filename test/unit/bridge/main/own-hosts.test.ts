import assert from 'node:assert/strict';
import { isServed, ownHosts } from '../../../../src/bridge/main/own-hosts';
import { servedEntry } from '../../../support/bridge/scripted-content';
import { configOf } from '../../../support/bridge/scripted-source';

const SOURCES = `
convert: { merge: [{ host: Payments.shop.example, from: [nacos/pay, eureka/PAY] }, { host: "{service}.both.example", from: [nacos/*, eureka/*] }] }
sources:
  - name: nacos
    type: nacos
    servers: [x]
    convert:
      overrides: [{ match: { service: a }, host: a.legacy.example, aliases: [b.legacy.example] }]
  - name: eureka
    type: eureka
    servers: ["http://x:1"]
    convert: { hostTemplate: "{service}.{source}.registry.example" }
  - name: consul
    type: consul
    servers: ["http://x:1"]
    convert: { hostTemplate: "{service}.{namespace}" }
  - name: byName
    type: nacos
    servers: [x]
    convert: { hostTemplate: "{service}.{metadata:k8s.ns}.named.example" }
`;

describe('bridge: which hosts are our own', () => {
  const why = ownHosts(configOf(SOURCES));

  it('by the form of a template, with source and type filled in', () => {
    assert.equal(
      why('orders.default-group.public.nacos'),
      'it has the form of the hosts of the source nacos',
    );
    assert.equal(why('com.foo.Bar.1-0.dubbo'), 'it has the form of the hosts of the source nacos');
    assert.equal(why('orders.EUREKA.registry.example'), 'it has the form of the hosts of the source eureka');
    assert.equal(why('orders.nacos.registry.example'), undefined);
    assert.equal(why('a.b.named.example'), 'it has the form of the hosts of the source byName');
  });

  it('by number of labels when a template has no fixed end', () => {
    assert.equal(why('orders.shop'), 'it has the form of the hosts of the source consul');
    assert.equal(why('orders.shop.svc.cluster.local'), undefined);
  });

  it('by name: overrides, aliases, merged hosts, in any case', () => {
    assert.equal(why('A.legacy.example'), 'the source nacos names it');
    assert.equal(why('b.legacy.example'), 'the source nacos names it');
    assert.equal(why('payments.shop.example'), 'convert makes it of registry services');
    assert.equal(why('c.legacy.example'), undefined);
    assert.equal(why('Orders.both.example'), 'it has the form of a host in convert.merge');
  });

  it('by what is served now', () => {
    const entries = new Map([['inmesh-registry/a' as const, servedEntry('a', [])]]);
    assert.equal(isServed({ entries }, 'A.default-group.public.nacos'), true);
    assert.equal(isServed({ entries }, 'b.default-group.public.nacos'), false);
    assert.equal(isServed(undefined, 'a.default-group.public.nacos'), false);
  });
});
