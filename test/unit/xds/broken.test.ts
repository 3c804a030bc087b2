/** Nothing that a control plane sends throws; what is bad is refused or left out, with the reason, and the rest works. */

import { strict as assert } from 'node:assert';
import {
  type Broken,
  brokenClusters,
  brokenLoadAssignments,
  brokenRouteConfigurations,
  curtailedClusters,
  curtailedRoutes,
  routeConfigurationOf,
  routeToMissingCluster,
  unusableRoutes,
  virtualHostOf,
} from '../../../fixtures/recorded/xds/broken';
import {
  type Decoded,
  decodeCluster,
  decodeLoadAssignment,
  decodeVirtualHost,
  openRouteConfiguration,
} from '../../../src/xds';

function refusedFor(decoded: Decoded<unknown>, why: RegExp): void {
  assert.ok(!decoded.ok, 'accepted');
  assert.match(decoded.reasons.join('\n'), why);
}

function usedAndReported<T>(decoded: Decoded<T>, why: RegExp): T {
  assert.ok(decoded.ok, decoded.ok ? '' : decoded.reasons.join('\n'));
  assert.match(decoded.unsupported.map((u) => `${u.field} ${u.effect}`).join('\n'), why);
  return decoded.value;
}

function each(what: readonly Broken[], test: (broken: Broken) => void): void {
  for (const broken of what) it(broken.name, () => test(broken));
}

describe('xds: broken resources', () => {
  describe('a cluster is refused', () => {
    each(brokenClusters(), ({ bytes, why }) => refusedFor(decodeCluster(bytes), why));
  });

  describe('a cluster is used, what is not done is reported', () => {
    each(curtailedClusters(), ({ bytes, why }) => usedAndReported(decodeCluster(bytes), why));
  });

  describe('an endpoint set is refused', () => {
    each(brokenLoadAssignments(), ({ bytes, why }) => refusedFor(decodeLoadAssignment(bytes), why));
  });

  describe('a route configuration is refused', () => {
    each(brokenRouteConfigurations(), ({ bytes, why }) => refusedFor(openRouteConfiguration(bytes), why));
  });

  describe('a route is left out, its neighbours work', () => {
    each(unusableRoutes(), ({ bytes, why }) => {
      const host = virtualHostOf('good.test:80', ['good.test'], [bytes, routeToMissingCluster()]);
      const value = usedAndReported(decodeVirtualHost(host, '80'), why);
      assert.equal(value.routes.length, 1);
      assert.equal(value.routes[0]?.action.kind, 'forward');
    });
  });

  describe('a route is used, what is not done is reported', () => {
    each(curtailedRoutes(), ({ bytes, why }) => {
      const value = usedAndReported(decodeVirtualHost(virtualHostOf('a', ['a'], [bytes]), '80'), why);
      assert.equal(value.routes.length, 1);
    });
  });

  it('names the route in the report', () => {
    const host = virtualHostOf('good.test:80', ['good.test'], [unusableRoutes()[0]!.bytes]);
    const decoded = decodeVirtualHost(host, '80');
    assert.ok(decoded.ok);
    assert.deepEqual(decoded.unsupported[0], {
      resourceType: 'Route',
      resource: '80/good.test:80/routes[0]',
      field: 'match',
      effect: 'is missing: the route is left out',
    });
  });

  it('opens a route configuration whose virtual hosts hold broken routes', () => {
    const hosts = unusableRoutes().map(({ bytes }, i) => virtualHostOf(`h${i}`, [`h${i}.test`], [bytes]));
    const open = openRouteConfiguration(routeConfigurationOf('80', hosts));
    assert.ok(open.ok);
    assert.equal(open.value.virtualHosts.length, hosts.length);
    for (const host of open.value.virtualHosts) assert.ok(decodeVirtualHost(host.bytes, '80').ok);
  });

  it('bounds the number of reasons', () => {
    const hosts = Array.from({ length: 1000 }, () => virtualHostOf('', [], []));
    const open = openRouteConfiguration(routeConfigurationOf('80', hosts));
    assert.ok(!open.ok);
    assert.equal(open.reasons.length, 21);
    assert.match(open.reasons[20]!, /1980 more/);
  });
});
