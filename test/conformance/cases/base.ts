/** Istio objects of the cases in short. `$host` is the case's own service. */

import type { RequestSpec } from '../bed/case';

export function object(kind: string, name: string, spec: string, namespace = 'shop'): string {
  const body = spec
    .trim()
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');
  return `apiVersion: networking.istio.io/v1
kind: ${kind}
metadata: {name: ${name}, namespace: ${namespace}}
spec:
${body}
---
`;
}

/** An endpoint on a port of the loopback: `b1` with label `version: v1`, and so on. */
export function endpoint(backend: string, more = ''): string {
  const version = `v${backend.slice(1)}`;
  return `- {address: 127.0.0.1, ports: {http: $${backend}, http-alt: $${backend}}, labels: {version: ${version}}${more}}`;
}

/** The case's service with these endpoints, on ports 80 and 8080. */
export function service(endpoints: readonly string[], host = '$host', name = '$name'): string {
  const list = endpoints.map((each) => (each.startsWith('-') ? each : endpoint(each)));
  return object(
    'ServiceEntry',
    name,
    `
hosts: [${host}]
location: MESH_INTERNAL
resolution: STATIC
ports: [{number: 80, name: http, protocol: HTTP}, {number: 8080, name: http-alt, protocol: HTTP}]
endpoints:${list.length === 0 ? ' []' : `\n${list.join('\n')}`}`,
  );
}

/** A DestinationRule for the case's service. */
export function rule(spec: string): string {
  return object('DestinationRule', '$name', `host: $host\n${spec.trim()}`);
}

export const SUBSETS = `subsets:
- {name: v1, labels: {version: v1}}
- {name: v2, labels: {version: v2}}
- {name: v3, labels: {version: v3}}
- {name: none, labels: {version: none}}`;

export const ROUND_ROBIN = 'trafficPolicy: {loadBalancer: {simple: ROUND_ROBIN}}';

/** `b1` to `b3` as subsets v1 to v3, taken in turn. */
export const THREE = service(['b1', 'b2', 'b3']) + rule(`${ROUND_ROBIN}\n${SUBSETS}`);

/** A VirtualService for the case's service. */
export function virtualService(http: string, more = ''): string {
  return object('VirtualService', '$name', `hosts: [$host]\n${more}http:\n${http.trim()}`);
}

/** The three backends behind these HTTP routes. */
export function routes(http: string): string {
  return THREE + virtualService(http);
}

export const TO_V1 = 'route: [{destination: {host: $host, subset: v1}}]';
export const TO_V2 = 'route: [{destination: {host: $host, subset: v2}}]';
export const TO_V3 = 'route: [{destination: {host: $host, subset: v3}}]';

/** Requests that differ in the path. */
export function paths(...all: readonly string[]): RequestSpec[] {
  return all.map((path) => ({ path }));
}

/** Requests that differ in one header. */
export function withHeaders(...all: readonly Required<RequestSpec>['headers'][]): RequestSpec[] {
  return all.map((headers) => ({ headers }));
}

/** Tolerates every difference, for this reason. */
export function everything(why: string): Readonly<Record<string, string>> {
  return new Proxy({}, { get: () => why });
}

/** One backend behind a retry rule: attempts are counted, not spread. */
export function retrying(retries: string, more = ''): string {
  return (
    service(['b1']) +
    virtualService(`- retries: ${retries}\n  ${more}\n  route: [{destination: {host: $host}}]`)
  );
}

/** v2 for what matches, v1 for the rest. */
export function matching(match: string): string {
  return routes(`
- match: [${match}]
  ${TO_V2}
- ${TO_V1}`);
}
