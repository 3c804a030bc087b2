/** The report tells what is read but not done; a row of the table is all that decides it. */

import { strict as assert } from 'node:assert';
import { decodeCluster } from '../../../src/xds';
import { notAppliedEffect } from '../../../src/xds/not-applied';
import { recordedBytes, virtualHost } from './recorded';

function clusterFields(name: string): string[] {
  const decoded = decodeCluster(recordedBytes('clusters').find(([n]) => n === name)![1]);
  assert.ok(decoded.ok);
  return decoded.unsupported.map((u) => u.field);
}

/** Reported as long as its row is there, and not after. */
function follows(feature: Parameters<typeof notAppliedEffect>[0], fields: string[], field: string): void {
  assert.equal(fields.includes(field), notAppliedEffect(feature) !== undefined, `${feature}: ${field}`);
}

describe('xds: features that are not applied yet', () => {
  it('are reported where a cluster asks for them', () => {
    const reviews = clusterFields('outbound|80||reviews.shop.svc.cluster.local');
    follows('circuitBreakers', reviews, 'circuit_breakers.thresholds[0].max_connections');
    follows('istioMutual', clusterFields('outbound|80||mesh.test'), 'transport_socket');
    follows('http2', clusterFields('outbound|80||random.test'), 'http2_protocol_options');
  });

  it('are reported where a route asks for them', () => {
    const fields = virtualHost('reviews').unsupported.map((u) => u.field);
    follows('fault', fields, 'typed_per_filter_config["envoy.filters.http.fault"]');
    follows('cors', fields, 'typed_per_filter_config["envoy.filters.http.cors"]');
    follows('mirror', fields, 'route.request_mirror_policies');
  });

  it('are not reported where nothing asks for them', () => {
    assert.deepEqual(clusterFields('outbound|80||plain.shop.svc.cluster.local'), []);
  });
});
