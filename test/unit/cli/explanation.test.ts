import assert from 'node:assert/strict';
import { type Explanation, explain } from '../../../src/cli/explanation/build';
import { renderExplanation } from '../../../src/cli/explanation/render';
import { askedCall } from '../../../src/cli/explanation/request';
import type { Inspection, Lookup } from '../../../src/link/inspect';
import type { ClusterSnapshot, UnsupportedField, VirtualHost } from '../../../src/model';
import { linkSettings } from '../../support/link-harness';
import { cluster, endpoint, forward, locality, route, virtualHost } from '../../support/static-feed';

const unsupported = (resource: string, effect = 'it is not done'): UnsupportedField => ({
  resourceType: 'Route',
  resource,
  field: 'f',
  effect,
});

function inspection(
  host: VirtualHost | Exclude<Lookup['kind'], 'virtual-host'>,
  clusters: readonly ClusterSnapshot[] = [],
  fields: readonly UnsupportedField[] = [],
): Inspection {
  const entry = { configuration: '80', unsupported: fields };
  const lookup = (
    typeof host === 'string'
      ? { kind: host, what: 'routes', ports: [], virtualHosts: 0 }
      : {
          kind: 'virtual-host',
          domain: host.domains[0],
          entry: { ...entry, name: host.name, domains: host.domains, virtualHost: host },
        }
  ) as Lookup;
  return {
    source: { kind: 'control-plane', xds: 'grpc://x:1', answeredMs: 1 },
    http: async () => lookup,
    tls: async () => lookup,
    cluster: (name) => {
      const snapshot = clusters.find((each) => each.cluster.name === name);
      return snapshot && { snapshot, services: [], unsupported: [] };
    },
    refused: () => [],
    close: () => undefined,
  };
}

function explained(source: Inspection, url = 'http://reviews/b', more = {}): Promise<Explanation> {
  return explain(askedCall(url, 'GET', []), source, linkSettings('grpc://x:1', more));
}

describe('the explanation of a call', () => {
  it('names what is not done of the chosen route, of its virtual host, and routes left out before it', async () => {
    const host = virtualHost(
      ['reviews'],
      [route(forward('a'), '/a'), route(forward('b'), '/b'), route(forward('c'))],
    );
    const left = 'it is odd: the route is left out';
    const fields = [
      unsupported('80/reviews:80'),
      unsupported('80/reviews:80/routes[0]'),
      unsupported('80/reviews:80/routes[1] (odd)', left),
      unsupported('80/reviews:80/routes[2] (b)'),
      unsupported('80/reviews:80/routes[3]', left),
      unsupported('80/reviews:80/routes[4] (c)'),
    ];
    const { notApplied } = await explained(inspection(host, [], fields));
    assert.deepEqual(
      notApplied.map(({ resource }) => resource.slice('80/reviews:80'.length)),
      ['', '/routes[1] (odd)', '/routes[2] (b)'],
    );
  });

  it('a host with one cluster that cannot be managed is not managed at all', async () => {
    const host = virtualHost(['reviews'], [route(forward('a'), '/a'), route(forward('b'), '/')]);
    const mutual = { tls: { kind: 'istio-mutual', sni: '', subjectAltNames: [] } } as const;
    const clusters = [
      cluster('a', [endpoint('10.0.0.1', 1)], mutual),
      cluster('b', [endpoint('10.0.0.2', 1)]),
    ];
    const found = await explained(inspection(host, clusters));
    assert.equal(found.managed, false);
    assert.match(found.why!, /cluster a asks for ISTIO_MUTUAL/);
    assert.match(
      renderExplanation(found),
      /NOT MANAGED: .*\n.*What follows is what the control plane asks for/,
    );
  });

  it('the agent off is said before everything else', async () => {
    const found = await explained(inspection(virtualHost(['reviews'], [])), undefined, {
      hooksOff: ['http'],
    });
    assert.deepEqual([found.managed, found.why], [false, 'the http hook is switched off (INMESH_HOOKS_OFF)']);
  });

  it('health, priorities and panic as Envoy has them', async () => {
    const clusters = [
      cluster(
        'b',
        [
          locality([endpoint('10.0.0.1', 1, { health: 'UNHEALTHY' }), endpoint('10.0.0.2', 1)]),
          locality([endpoint('10.0.0.3', 1)], { priority: 1 }),
        ],
        { healthyPanicThreshold: 0 },
      ),
    ];
    const host = virtualHost(['reviews'], [route(forward('b'))]);
    const text = renderExplanation(await explained(inspection(host, clusters)));
    assert.match(
      text,
      /priority 0 takes 70 % \(1 of 2 available\); priority 1 takes 30 % \(1 of 1 available\)/,
    );
    assert.match(text, /10\.0\.0\.1:1 +UNHEALTHY/);
  });

  it('a cluster without endpoints, and one that is not there', async () => {
    const host = virtualHost(['reviews'], [route(forward('b'))]);
    const none = renderExplanation(await explained(inspection(host, [cluster('b', [])])));
    assert.match(none, /^MANAGED: .*NO ENDPOINTS: 503 UH/m);
    assert.match(
      renderExplanation(await explained(inspection(host))),
      /^MANAGED: .*NO SUCH CLUSTER: 503 NC/m,
    );
  });

  for (const kind of ['unknown', 'no-port', 'no-routes', 'no-virtual-host', 'not-saved'] as const) {
    it(`a host that is not ours, ${kind}: one sentence`, async () => {
      const found = await explained(inspection(kind));
      assert.equal(found.managed, false);
      assert.match(renderExplanation(found), /^NOT MANAGED: \S.{20,}\.$/m);
    });
  }

  it('control characters of a peer do not reach the terminal', async () => {
    const host = virtualHost(['reviews'], [route(forward('b'), '/', { name: 'a\u001b[2Jb' })]);
    const text = renderExplanation(await explained(inspection(host)));
    assert.ok(text.includes('a\\x1b[2Jb'));
  });
});
