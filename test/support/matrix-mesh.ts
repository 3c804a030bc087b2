/** The meshes of the compatibility matrix: every scenario names the YAML under which its outcome is expected. */

/** Where the matrix' backends listen, on 127.0.0.1. `blackHole` never completes a handshake. */
export interface BackendPorts {
  readonly a: number;
  readonly b: number;
  readonly tls: number;
  readonly blackHole: number;
}

/** One named YAML: a service `<name>.matrix.test` and what rules it has. */
export interface MeshCase {
  readonly scheme: 'http' | 'https';
  /** Endpoint addresses; nobody listens on `dead`. */
  readonly endpoints: readonly (keyof BackendPorts | 'dead' | 'deadTls')[];
  /** `spec.http` of its VirtualService, as YAML lines. */
  readonly http?: string;
  /** Lines under the DestinationRule's `trafficPolicy`, beside ROUND_ROBIN. */
  readonly policy?: string;
  /** Subset labels by endpoint. */
  readonly versions?: Readonly<Record<string, string>>;
}

const toSelf = (more: string) => (host: string) =>
  `
    - ${more.trim()}
      route: [{ destination: { host: ${host} } }]`;

const rules = {
  retry5xx: toSelf('retries: { attempts: 2, retryOn: "5xx", backoff: 1ms }'),
  retryGateway: toSelf('retries: { attempts: 2, retryOn: "gateway-error", backoff: 1ms }'),
  retry4xx: toSelf('retries: { attempts: 2, retryOn: "retriable-4xx", backoff: 1ms }'),
  retryCodes: toSelf('retries: { attempts: 2, retryOn: "418,429", backoff: 1ms }'),
  retryReset: toSelf('retries: { attempts: 2, retryOn: "reset", backoff: 1ms }'),
  perTry: toSelf('retries: { attempts: 2, retryOn: "5xx", perTryTimeout: 1s, backoff: 1ms }'),
  backOff: toSelf('retries: { attempts: 3, retryOn: "5xx", backoff: 900s }'),
  noRetry: toSelf('retries: { attempts: 0 }'),
  timeout: toSelf('timeout: 250ms'),
};

const canary = (host: string) => `
    - match: [{ headers: { x-canary: { exact: "yes" } } }]
      route: [{ destination: { host: ${host}, subset: v2 } }]
    - route: [{ destination: { host: ${host}, subset: v1 } }]`;

const onlyKnown = (host: string) => `
    - match: [{ uri: { prefix: /known } }]
      route: [{ destination: { host: ${host} } }]`;

const direct = () => `
    - directResponse: { status: 203, body: { string: "answered by the route" } }`;

const redirect = () => `
    - redirect: { authority: plain.matrix.test, uri: /echo, redirectCode: 302 }`;

const cases: Readonly<Record<string, Omit<MeshCase, 'http'> & { http?: (host: string) => string }>> = {
  plain: { scheme: 'http', endpoints: ['a', 'b'] },
  parked: { scheme: 'http', endpoints: ['a'] },
  'first-refused': { scheme: 'http', endpoints: ['dead', 'a'] },
  'answers-503': { scheme: 'http', endpoints: ['a', 'b'] },
  'retry-5xx': { scheme: 'http', endpoints: ['a', 'b'], http: rules.retry5xx },
  'retry-gateway-error': { scheme: 'http', endpoints: ['a', 'b'], http: rules.retryGateway },
  'retry-4xx': { scheme: 'http', endpoints: ['a', 'b'], http: rules.retry4xx },
  'retry-codes': { scheme: 'http', endpoints: ['a', 'b'], http: rules.retryCodes },
  'retry-reset': { scheme: 'http', endpoints: ['a', 'b'], http: rules.retryReset },
  'per-try-timeout': { scheme: 'http', endpoints: ['a', 'b'], http: rules.perTry },
  'back-off': { scheme: 'http', endpoints: ['a'], http: rules.backOff },
  'no-retry': { scheme: 'http', endpoints: ['a'], http: rules.noRetry },
  refused: { scheme: 'http', endpoints: ['dead'], http: rules.noRetry },
  'refused-retried': { scheme: 'http', endpoints: ['dead'] },
  'black-hole': { scheme: 'http', endpoints: ['blackHole'] },
  'connect-timeout': {
    scheme: 'http',
    endpoints: ['blackHole'],
    http: rules.noRetry,
    policy: 'connectionPool: { tcp: { connectTimeout: 200ms } }',
  },
  'no-route': { scheme: 'http', endpoints: ['a'], http: onlyKnown },
  'no-upstream': { scheme: 'http', endpoints: [] },
  timeout: { scheme: 'http', endpoints: ['a'], http: rules.timeout },
  direct: { scheme: 'http', endpoints: ['a'], http: direct },
  redirect: { scheme: 'http', endpoints: ['a'], http: redirect },
  canary: { scheme: 'http', endpoints: ['a', 'b'], versions: { a: 'v1', b: 'v2' }, http: canary },
  // A thousand handshakes at a time take a busy machine longer than the usual 10 s.
  secure: {
    scheme: 'https',
    endpoints: ['tls'],
    policy: 'connectionPool: { tcp: { connectTimeout: 60s } }',
  },
  'secure-parked': { scheme: 'https', endpoints: ['tls'] },
  'secure-first-refused': { scheme: 'https', endpoints: ['deadTls', 'tls'] },
  'secure-black-hole': { scheme: 'https', endpoints: ['blackHole'] },
};

export type MeshName = string;

export function meshNames(): readonly MeshName[] {
  return Object.keys(cases);
}

function schemeOf(name: MeshName): 'http' | 'https' {
  return cases[name]!.scheme;
}

/** The URL under which an application in the mesh calls the service. */
export function meshUrl(name: MeshName): string {
  return `${schemeOf(name)}://${name}.matrix.test`;
}

/** The plain backend that stands for the service on bare Node. */
export function bareUrl(name: MeshName, ports: BackendPorts): string {
  const { scheme, endpoints } = cases[name]!;
  const live = endpoints.find((endpoint) => !endpoint.startsWith('dead')) as keyof BackendPorts | undefined;
  return `${scheme}://127.0.0.1:${ports[live ?? 'a']}`;
}

/** The Istio YAML of one case. */
export function meshYaml(name: MeshName, ports: BackendPorts): string {
  const { scheme, endpoints, http, policy, versions = {} } = cases[name]!;
  const host = `${name}.matrix.test`;
  const port =
    scheme === 'http'
      ? '{ number: 80, name: http, protocol: HTTP }'
      : '{ number: 443, name: tls, protocol: TLS }';
  const portName = scheme === 'http' ? 'http' : 'tls';
  const lines = endpoints.map((endpoint) => {
    const labels = versions[endpoint] ? `, labels: { version: ${versions[endpoint]} }` : '';
    return `    - { address: ${addressOf(endpoint)}, ports: { ${portName}: ${portOf(endpoint, ports)} }${labels} }`;
  });
  const subsets = [...new Set(Object.values(versions))].map(
    (v) => `    - { name: ${v}, labels: { version: ${v} } }`,
  );
  const documents = [
    `${head('ServiceEntry', name)}
  hosts: [${host}]
  location: MESH_INTERNAL
  resolution: STATIC
  ports:
    - ${port}
  endpoints:${lines.length > 0 ? `\n${lines.join('\n')}` : ' []'}`,
    `${head('DestinationRule', name)}
  host: ${host}
  trafficPolicy:
    loadBalancer: { simple: ROUND_ROBIN }${policy ? `\n    ${policy}` : ''}${subsets.length > 0 ? `\n  subsets:\n${subsets.join('\n')}` : ''}`,
  ];
  if (http) documents.push(`${head('VirtualService', name)}\n  hosts: [${host}]\n  http:${http(host)}`);
  return `${documents.join('\n---\n')}\n`;
}

function head(kind: string, name: string): string {
  return `apiVersion: networking.istio.io/v1
kind: ${kind}
metadata: { name: ${name}, namespace: default }
spec:`;
}

/** Nobody listens on 127.0.0.2 at a port that a backend holds on 127.0.0.1. */
function addressOf(endpoint: string): string {
  return endpoint.startsWith('dead') ? '127.0.0.2' : '127.0.0.1';
}

function portOf(endpoint: string, ports: BackendPorts): number {
  if (endpoint === 'dead') return ports.a;
  if (endpoint === 'deadTls') return ports.tls;
  return ports[endpoint as keyof BackendPorts];
}
