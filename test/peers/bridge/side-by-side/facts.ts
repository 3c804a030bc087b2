/** What the operator of a mesh may expect of what is registered, each with what in a sidecar's view contradicts it. */

import type { SeenEndpoint, View } from './view';
import type { Mesh } from './worlds';

export interface Registered {
  readonly ip: string;
  readonly port?: number;
  readonly weight?: number;
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface Fact {
  readonly title: string;
  readonly service: string;
  readonly early: readonly Registered[];
  /** Registered when all that was early has arrived; what is early leaves if nothing else is said. */
  readonly late?: readonly Registered[];
  /** What is wrong; undefined when it is as expected. `before` is the view without what is late. */
  readonly wrong: (now: View, before: View, mesh: Mesh) => string | undefined;
}

export const FACTS: readonly Fact[] = [
  {
    title: 'a call by name finds its cluster',
    service: 'by-name',
    early: [{ ip: '10.20.1.1' }],
    wrong: ({ routed }, _before, { naming }) =>
      has(routed, naming.host('by-name')) ? undefined : 'the route leads to no cluster',
  },
  {
    title: 'the name is in the DNS of sidecars',
    service: 'in-dns',
    early: [{ ip: '10.20.2.1' }],
    wrong: ({ names }, _before, { naming }) =>
      has(names, naming.host('in-dns')) ? undefined : 'unknown: it has no address',
  },
  {
    title: 'weights 0.5, 1 and 2 share as 1 : 2 : 4',
    service: 'weights',
    early: [0.5, 1, 2].map((weight) => ({ ip: `10.20.3.${weight * 2}`, weight })),
    wrong: (view) => {
      const weights = [1, 2, 4].map((last) => at(view, `10.20.3.${last}`)[0]?.weight ?? 0);
      const [first] = weights;
      const right = first && weights[1] === 2 * first && weights[2] === 4 * first;
      return right ? undefined : weights.join(' : ');
    },
  },
  {
    title: 'weight 0 takes no traffic',
    service: 'drained',
    early: [{ ip: '10.20.4.1' }, { ip: '10.20.4.2', weight: 0 }],
    wrong: (view) => {
      const weight = at(view, '10.20.4.2')[0]?.weight;
      return weight === undefined ? missing(view, '10.20.4.1') : `served with weight ${weight}`;
    },
  },
  {
    title: 'instances on different ports are one service',
    service: 'two-ports',
    early: [{ ip: '10.20.5.1' }, { ip: '10.20.5.2', port: 8081 }],
    wrong: (view) => {
      const [one, two] = ['10.20.5.1', '10.20.5.2'].map((ip) => at(view, ip)[0]);
      if (one?.address.endsWith(':8080') && two?.address.endsWith(':8081') && one.cluster === two.cluster)
        return undefined;
      return `${one?.address} and ${two?.address}`;
    },
  },
  {
    title: 'the service keeps its port when its instances move to another',
    service: 'moving',
    early: [{ ip: '10.20.6.1' }],
    late: [{ ip: '10.20.6.2', port: 8081 }],
    wrong: (now, before) => {
      const [then, later] = [at(before, '10.20.6.1')[0], at(now, '10.20.6.2')[0]];
      if (then && then.servicePort === later?.servicePort) return undefined;
      return `${then?.servicePort}, then ${later?.servicePort}`;
    },
  },
  {
    title: 'instances of two protocols: each is served as what it speaks',
    service: 'two-protocols',
    early: [
      { ip: '10.20.7.1', metadata: { protocol: 'http' } },
      { ip: '10.20.7.2', port: 9090, metadata: { protocol: 'grpc' } },
    ],
    wrong: (view) => {
      const [http, grpc] = ['10.20.7.1', '10.20.7.2'].map((ip) => at(view, ip)[0]);
      if (http && grpc) return http.cluster === grpc.cluster ? 'both as one protocol' : undefined;
      return missing(view, '10.20.7.1') ?? missing(view, '10.20.7.2');
    },
  },
  {
    title: 'metadata that is no label harms nobody',
    service: 'labels',
    early: [
      { ip: '10.20.8.1' },
      { ip: '10.20.8.2', metadata: { methods: 'find,reserve', 'a key': 'b', note: 'x'.repeat(80) } },
    ],
    wrong: (view) => missing(view, '10.20.8.1') ?? missing(view, '10.20.8.2'),
  },
  {
    title: 'an instance cannot switch mTLS on by its metadata',
    service: 'tls-mode',
    early: [{ ip: '10.20.9.1', metadata: { 'security.istio.io/tlsMode': 'istio' } }],
    wrong: (view) =>
      at(view, '10.20.9.1').some(({ tlsMode }) => tlsMode === 'istio')
        ? 'callers speak mTLS to it'
        : missing(view, '10.20.9.1'),
  },
  {
    title: "an instance cannot take its service's host by its metadata",
    service: 'takeover',
    early: [{ ip: '10.20.10.1' }, { ip: '10.20.10.2', metadata: { 'istio.hostname': 'payments' } }],
    wrong: (view, _before, { naming }) => {
      const host = at(view, '10.20.10.1')[0]?.host;
      return host === naming.host('takeover') ? undefined : `it is ${host}`;
    },
  },
  {
    title: 'a name that is no DNS name is served under one that is',
    service: 'stock_service',
    early: [{ ip: '10.20.11.1' }],
    wrong: (view) => missing(view, '10.20.11.1'),
  },
  {
    title: 'an upper-case name can be called',
    service: 'OrderService',
    early: [{ ip: '10.20.12.1' }],
    wrong: ({ routed }, _before, { naming }) =>
      has(routed, naming.host('OrderService')) ? undefined : 'the route leads to no cluster',
  },
  {
    title: 'a host name as address harms no neighbour',
    service: 'named-address',
    early: [{ ip: '10.20.13.1' }, { ip: 'backend.example.org' }],
    wrong: (view) => missing(view, '10.20.13.1'),
  },
  {
    title: 'port 0 harms no neighbour',
    service: 'port-zero',
    early: [{ ip: '10.20.14.2' }, { ip: '10.20.14.1', port: 0 }],
    wrong: (view) => missing(view, '10.20.14.2'),
  },
  {
    title: 'a Dubbo provider is served (`providers:…`)',
    service: 'providers:demo.StockService:1.0.0:',
    early: [{ ip: '10.20.15.1', port: 20880, metadata: dubbo('provider') }],
    wrong: (view) => missing(view, '10.20.15.1'),
  },
  {
    title: 'a Dubbo consumer is not (`consumers:…`)',
    service: 'consumers:demo.StockService:1.0.0:',
    early: [{ ip: '10.20.16.1', port: 20880, metadata: dubbo('consumer') }],
    wrong: (view) => (at(view, '10.20.16.1').length > 0 ? 'served' : undefined),
  },
];

/** Where an instance is served; subsets do not count. */
function at({ endpoints }: View, ip: string): readonly SeenEndpoint[] {
  return endpoints.filter(({ address }) => address.startsWith(`${ip}:`));
}

function missing(view: View, ip: string): string | undefined {
  return at(view, ip).length > 0 ? undefined : 'not served';
}

/** Hosts and domains are compared as DNS does. */
function has(names: ReadonlySet<string>, host: string): boolean {
  return [...names].some((name) => name.toLowerCase() === host.toLowerCase());
}

function dubbo(side: string): Readonly<Record<string, string>> {
  return {
    ...{ side, interface: 'demo.StockService', path: 'demo.StockService', version: '1.0.0' },
    ...{
      application: 'stock',
      category: `${side}s`,
      protocol: 'dubbo',
      dubbo: '2.0.2',
      methods: 'find,reserve',
    },
  };
}
