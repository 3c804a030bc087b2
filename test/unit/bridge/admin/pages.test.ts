import assert from 'node:assert/strict';
import type { BridgeState } from '../../../../src/bridge/admin';
import {
  cataloguePage,
  clientsPage,
  registryPage,
  rejectedPage,
  xdsPage,
} from '../../../../src/bridge/admin/pages';
import { Ledger, typeRecord } from '../../../../src/bridge/mcp/ledger';
import { BridgeMetrics } from '../../../../src/bridge/metrics';
import type { Rejection } from '../../../../src/bridge/model';
import { servedEntry } from '../../../support/bridge/scripted-content';
import { registryService } from '../../../support/bridge/scripted-source';

const SERVICE_ENTRY = 'networking.istio.io/v1/ServiceEntry';

function stateWith(more: Partial<BridgeState> = {}): BridgeState {
  const rejections: Rejection[] = [
    { source: 'nacos', service: 'public/G/a', instance: '1', code: 'bad-port', reason: 'the port is 0' },
    { source: 'eureka', service: 'B', code: 'host-taken', reason: 'the host belongs to another' },
  ];
  const source = { type: 'nacos', detail: '', synchronised: true, services: 2, instances: 3, frozen: 0 };
  return {
    startedAt: 0,
    isReady: true,
    snapshot: {
      entries: new Map([
        ['inmesh-registry/a', servedEntry('a', ['10.0.0.1:1', '10.0.0.2:1'])],
        ['inmesh-registry/b', servedEntry('b', ['10.0.0.3:1'])],
      ]),
    },
    servedVersion: () => 'v2',
    waitingFor: () => [],
    sources: () => [
      { ...source, name: 'nacos', state: 'up', silentMs: 20 },
      { ...source, name: 'eureka', type: 'eureka', state: 'down', silentMs: 9_000, frozen: 7 },
    ],
    registered: () => [
      { source: 'nacos', service: registryService('orders', ['10.0.0.1:80']) },
      { source: 'eureka', service: registryService('ORDERS', []) },
    ],
    services: () => [],
    rejections: () => rejections,
    clients: () => [],
    exports: () => [],
    sidecars: () => [],
    thaw: () => 0,
    ...more,
  };
}

describe('bridge: the admin pages', () => {
  it('/catalogue: totals, a line for each entry, and entries whole when asked for', () => {
    const page = cataloguePage(stateWith(), new URLSearchParams()) as Record<string, unknown>;
    assert.equal(page['services'], 2);
    assert.equal(page['endpoints'], 3);
    assert.deepEqual((page['entries'] as unknown[])[0], {
      host: 'a.default-group.public.nacos',
      resource: 'inmesh-registry/a',
      addresses: ['240.9.0.1'],
      ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
      endpoints: 2,
      from: ['nacos/public/DEFAULT_GROUP/a'],
    });
    const whole = cataloguePage(stateWith(), new URLSearchParams({ host: 'b.def' })) as {
      entries: unknown[];
    };
    assert.deepEqual(whole.entries, [servedEntry('b', ['10.0.0.3:1'])]);
  });

  it('/catalogue before the gate opens says what is waited for', () => {
    const state = stateWith({ snapshot: undefined, waitingFor: () => ['nacos'] });
    const page = cataloguePage(state, new URLSearchParams()) as Record<string, unknown>;
    assert.deepEqual([page['open'], page['waitingFor'], page['entries']], [false, ['nacos'], []]);
  });

  it('/registry: what is registered in numbers; whole, of one source, when asked for', () => {
    const page = (query: Record<string, string>) =>
      registryPage(stateWith(), new URLSearchParams(query)) as { services: number; registered: unknown[] };
    assert.deepEqual(page({ source: 'eureka' }), {
      services: 1,
      registered: [{ source: 'eureka', key: 'public/DEFAULT_GROUP/ORDERS', kind: 'service', instances: 0 }],
    });
    assert.deepEqual(page({ service: 'orders' }).registered, [
      { source: 'nacos', ...registryService('orders', ['10.0.0.1:80']) },
    ]);
    assert.equal(page({}).services, 2);
  });

  it('/rejected: all, or by source, code and service', () => {
    const count = (query: Record<string, string>) =>
      (rejectedPage(stateWith(), new URLSearchParams(query)) as { rejected: number }).rejected;
    assert.equal(count({}), 2);
    assert.equal(count({ source: 'nacos' }), 1);
    assert.equal(count({ code: 'host-taken', source: 'nacos' }), 0);
    assert.equal(count({ service: 'B' }), 1);
  });

  it('/xds: each type of each client, and whether it has what is served', () => {
    const ledger = new Ledger();
    const client = ledger.open('sotw', '10.0.0.9:4711', 1_700_000_000_000);
    client.id = 'istiod-1';
    const record = typeRecord(client, SERVICE_ENTRY, true);
    const state = stateWith({ clients: () => ledger.clients });
    const statusNow = () =>
      (xdsPage(state) as { clients: { types: { status: string }[] }[] }).clients[0]!.types[0]!.status;
    assert.equal(statusNow(), 'waiting for the first synchronisation');
    Object.assign(record, { waiting: false, sentVersion: 'v1', sentAt: 1_700_000_000_000 });
    assert.equal(statusNow(), 'sent, not acknowledged');
    Object.assign(record, { ackedVersion: 'v1', ackedAt: 1_700_000_000_500 });
    assert.equal(statusNow(), 'behind');
    Object.assign(record, { sentVersion: 'v2', ackedVersion: 'v2' });
    assert.equal(statusNow(), 'up to date');
    Object.assign(record, { sentVersion: 'v3', refusedVersion: 'v3', refusal: 'no' });
    assert.equal(statusNow(), 'refused');
    client.lastPush = { ownMs: 3.06, ackWaitMs: 0, writeMs: 1 };
    const { clients } = clientsPage(state) as { clients: Record<string, unknown>[] };
    assert.equal(clients[0]!['node'], 'istiod-1');
    assert.deepEqual(clients[0]!['lastPush'], { ownMs: 3.1, ackWaitMs: 0, writeMs: 1 });
  });

  it('metrics: content, sources with state and staleness, rejections by code, pushes', async () => {
    const ledger = new Ledger();
    ledger.open('sotw', '10.0.0.9:4711', 0);
    const metrics = new BridgeMetrics(stateWith({ clients: () => ledger.clients }));
    metrics.written({ ownMs: 20, ackWaitMs: 300, writeMs: 5 });
    metrics.frozen('eureka');
    const text = await metrics.text();
    for (const line of [
      'inmesh_bridge_open 1',
      'inmesh_bridge_entries 2',
      'inmesh_bridge_endpoints 3',
      'inmesh_bridge_services{source="nacos",type="nacos"} 2',
      'inmesh_bridge_instances{source="eureka",type="eureka"} 3',
      'inmesh_bridge_source_state{source="eureka",type="eureka",state="down"} 1',
      'inmesh_bridge_source_state{source="eureka",type="eureka",state="up"} 0',
      'inmesh_bridge_source_staleness_seconds{source="eureka",type="eureka"} 9',
      'inmesh_bridge_source_staleness_seconds{source="nacos",type="nacos"} 0',
      'inmesh_bridge_frozen{source="eureka",type="eureka"} 7',
      'inmesh_bridge_freezes_total{source="eureka"} 1',
      'inmesh_bridge_rejected{source="nacos",code="bad-port"} 1',
      'inmesh_bridge_streams{protocol="sotw"} 1',
      'inmesh_bridge_push_seconds_bucket{le="0.025"} 1',
      'inmesh_bridge_push_seconds_bucket{le="0.01"} 0',
      'inmesh_bridge_ack_wait_seconds_sum 0.3',
    ])
      assert.ok(text.split('\n').includes(line), `${line}\n${text}`);
    assert.match(text, /^process_resident_memory_bytes \d+/m);
  });
});
