/** Ten thousand services on one port: opening must be cheap, since a push of it comes with every change. */

import { strict as assert } from 'node:assert';
import { routeConfigurationOf, virtualHostOf } from '../../../fixtures/recorded/xds/broken';
import { decodeVirtualHost, openRouteConfiguration } from '../../../src/xds';
import { splitMessage } from '../../../src/xds/wire';
import { recordedBytes } from './recorded';

const COUNT = 10_000;
const VIRTUAL_HOST_ROUTES = 3;

describe('xds: scale', () => {
  it(`opens and decodes ${COUNT} virtual hosts`, function () {
    this.timeout(20_000);
    const open = openRouteConfiguration(recordedBytes('routes')[0]![1]);
    assert.ok(open.ok);
    const model = open.value.virtualHosts.find((host) => host.domains.includes('plain'))!;
    const { parts } = splitMessage(model.bytes, VIRTUAL_HOST_ROUTES);
    const hosts = Array.from({ length: COUNT }, (_, i) => {
      const fqdn = `service-${i}.shop.svc.cluster.local`;
      return virtualHostOf(
        `${fqdn}:80`,
        [
          fqdn,
          `${fqdn}.`,
          `service-${i}`,
          `service-${i}.shop.svc`,
          `service-${i}.shop`,
          `240.1.${i >> 8}.${i & 255}`,
        ],
        parts,
      );
    });
    const bytes = routeConfigurationOf('80', hosts);

    const began = performance.now();
    const big = openRouteConfiguration(bytes);
    const opened = performance.now();
    assert.ok(big.ok);
    assert.equal(big.value.virtualHosts.length, COUNT);
    for (const host of big.value.virtualHosts) assert.ok(decodeVirtualHost(host.bytes, '80').ok);
    const decoded = performance.now();
    const mb = (bytes.length / 1e6).toFixed(1);
    console.log(
      `      ${mb} MB: opened in ${(opened - began).toFixed(0)} ms, all decoded in ${(decoded - opened).toFixed(0)} ms`,
    );
    assert.ok(opened - began < 2000, 'opening takes seconds');
  });
});
