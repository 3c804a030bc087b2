/** Port protocols of Istio; an unknown or empty one is detected at run time ("sniffed"). */

const HTTP = ['HTTP', 'HTTP2', 'HTTP_PROXY', 'GRPC', 'GRPC-WEB'] as const;
const OTHER = ['HTTPS', 'TLS', 'TCP', 'UDP', 'MONGO', 'REDIS', 'MYSQL', 'HBONE', 'DOUBLEHBONE'] as const;

export type Protocol = (typeof HTTP)[number] | (typeof OTHER)[number] | 'UNSUPPORTED';

export function parseProtocol(text: string): Protocol {
  const upper = text.toUpperCase();
  const known = [...HTTP, ...OTHER].find(
    (each) => each === upper || (each === 'GRPC-WEB' && upper === 'GRPCWEB'),
  );
  return known ?? 'UNSUPPORTED';
}

/** Routed by virtual hosts. */
export function isHttpOrSniffed(protocol: Protocol): boolean {
  return protocol === 'UNSUPPORTED' || isHttp(protocol);
}

function isHttp(protocol: Protocol): boolean {
  return (HTTP as readonly string[]).includes(protocol);
}

export function isHttp2(protocol: Protocol): boolean {
  return protocol === 'HTTP2' || protocol === 'GRPC' || protocol === 'GRPC-WEB';
}
