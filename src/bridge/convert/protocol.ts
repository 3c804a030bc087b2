/** Protocols as registries write them, and the service port that each has in the mesh. */

import type { ServedPort } from '../model';

/** In the order in which they are preferred for a service's own host and for port numbers. */
export const PROTOCOLS = [
  ...(['http', 'https', 'grpc', 'http2', 'grpc-web', 'dubbo', 'tcp', 'tls'] as const),
  ...(['mongo', 'redis', 'mysql'] as const),
] as const;
export type Protocol = (typeof PROTOCOLS)[number];

interface Port {
  readonly protocol: string;
  readonly name: string;
  readonly number: number;
  /** Taken when another port of the service has the number. */
  readonly otherwise: number;
}

const PORTS: Readonly<Record<Protocol, Port>> = {
  http: { protocol: 'HTTP', name: 'http', number: 80, otherwise: 8080 },
  https: { protocol: 'HTTPS', name: 'https', number: 443, otherwise: 8443 },
  grpc: { protocol: 'GRPC', name: 'grpc', number: 80, otherwise: 9090 },
  http2: { protocol: 'HTTP2', name: 'http2', number: 80, otherwise: 8082 },
  'grpc-web': { protocol: 'GRPC-WEB', name: 'grpc-web', number: 80, otherwise: 9091 },
  dubbo: { protocol: 'TCP', name: 'tcp-dubbo', number: 20_880, otherwise: 20_881 },
  tcp: { protocol: 'TCP', name: 'tcp', number: 9000, otherwise: 9001 },
  tls: { protocol: 'TLS', name: 'tls', number: 8443, otherwise: 9443 },
  mongo: { protocol: 'MONGO', name: 'mongo', number: 27_017, otherwise: 27_018 },
  redis: { protocol: 'REDIS', name: 'redis', number: 6379, otherwise: 6380 },
  mysql: { protocol: 'MYSQL', name: 'mysql', number: 3306, otherwise: 3307 },
};

const ALIASES: ReadonlyMap<string, Protocol> = new Map<string, Protocol>([
  ...PROTOCOLS.map((name): [string, Protocol] => [name, name]),
  ['tri', 'grpc'],
  ['triple', 'grpc'],
  ['grpcs', 'tls'],
  ['h2c', 'http2'],
  ['h2', 'http2'],
  ['rest', 'http'],
  ['http/1.1', 'http'],
  ['http1', 'http'],
  ['ws', 'http'],
  ['wss', 'https'],
  ['webservice', 'http'],
  ['generic', 'tcp'],
  ['hessian', 'http'],
  ['rmi', 'tcp'],
  ['thrift', 'tcp'],
]);

/** Any case; undefined when unknown. */
export function parseProtocol(text: string): Protocol | undefined {
  return ALIASES.get(text.trim().toLowerCase());
}

/** Negative: `a` is preferred. Dubbo services prefer dubbo. */
export function compareProtocols(a: Protocol, b: Protocol, dubboFirst: boolean): number {
  if (dubboFirst && a !== b && (a === 'dubbo' || b === 'dubbo')) return a === 'dubbo' ? -1 : 1;
  return PROTOCOLS.indexOf(a) - PROTOCOLS.indexOf(b);
}

/** Numbers that the operator gave, by protocol. */
export type PortNumbers = Readonly<Partial<Record<Protocol, number>>>;

/**
 * One service port for each protocol (in the order of PROTOCOLS), numbers unique: 80 for HTTP, gRPC 80 unless HTTP has
 * it, Dubbo 20880. A number that the operator gave comes first; on a clash the later protocol gives way.
 */
export function servicePorts(protocols: readonly Protocol[], given: PortNumbers): Map<Protocol, ServedPort> {
  const taken = new Set<number>();
  const ports = new Map<Protocol, ServedPort>();
  const inOrder = PROTOCOLS.filter((each) => protocols.includes(each));
  for (const each of inOrder) {
    const { protocol, name, number, otherwise } = PORTS[each];
    let found =
      [given[each], number, otherwise].find((one) => one !== undefined && !taken.has(one)) ?? otherwise;
    while (taken.has(found)) found++;
    taken.add(found);
    ports.set(each, { number: found, name, protocol });
  }
  return ports;
}
