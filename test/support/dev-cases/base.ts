/** Istio YAML in short: the cases of the differential test share these objects. */

export interface DevCase {
  /** What the case is about, as the title of its test. */
  readonly title: string;
  readonly yaml: string;
  /** Route configurations to compare; 80 and 8080 if absent. */
  readonly ports?: readonly number[];
  /** Who looks: namespace shop, no labels, locality r1/z1 if absent. */
  readonly node?: {
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly locality?: { readonly region: string; readonly zone: string; readonly subZone: string };
  };
}

export function object(kind: string, name: string, spec: string, namespace = 'shop', more = ''): string {
  const body = spec
    .trim()
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');
  return `apiVersion: networking.istio.io/v1
kind: ${kind}
metadata: {name: ${name}, namespace: ${namespace}${more}}
spec:
${body}
---
`;
}

/** `reviews` with two versions in two localities, on ports 80 and 8080. */
export const REVIEWS = object(
  'ServiceEntry',
  'reviews',
  `
hosts: [reviews.shop.svc.cluster.local]
addresses: [240.1.0.1]
location: MESH_INTERNAL
resolution: STATIC
ports:
- {number: 80, name: http, protocol: HTTP, targetPort: 9080}
- {number: 8080, name: http-alt, protocol: HTTP}
endpoints:
- {address: 10.0.0.1, ports: {http: 9081}, labels: {app: reviews, version: v1}, locality: r1/z1}
- {address: 10.0.0.2, labels: {app: reviews, version: v2}, locality: r1/z2, weight: 3}
- {address: 10.0.0.3, labels: {app: reviews, version: v2}, locality: r2/z1}`,
);

export const SUBSETS = 'subsets:\n- {name: v1, labels: {version: v1}}\n- {name: v2, labels: {version: v2}}';

/** A VirtualService for `reviews` with these HTTP routes; a DestinationRule gives it v1 and v2. */
export function routes(http: string, more = ''): string {
  return (
    REVIEWS +
    object('DestinationRule', 'reviews', `host: reviews\n${SUBSETS}`) +
    object('VirtualService', 'reviews', `hosts: [reviews]\n${more}\nhttp:\n${http.trim()}`)
  );
}

/** A DestinationRule for `reviews`. */
export function rule(spec: string): string {
  return (
    REVIEWS + object('DestinationRule', 'reviews', `host: reviews.shop.svc.cluster.local\n${spec.trim()}`)
  );
}

/** A plain service with one endpoint. */
export function service(name: string, namespace = 'shop', more = ''): string {
  return object(
    'ServiceEntry',
    name,
    `
hosts: [${name}.${namespace}.svc.cluster.local]
location: MESH_INTERNAL
resolution: STATIC
ports: [{number: 80, name: http, protocol: HTTP}]
endpoints: [{address: 10.0.1.1}]
${more}`,
    namespace,
  );
}

export const TO_V1 = 'route: [{destination: {host: reviews, subset: v1}}]';
export const TO_V2 = 'route: [{destination: {host: reviews, subset: v2}}]';
