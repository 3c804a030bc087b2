/** Clusters and endpoints as the control plane says them, in Envoy's words. Plain data. */

import type { ConfigOrigin, Fraction } from './route';

export type LoadBalancingPolicy =
  | { readonly kind: 'ROUND_ROBIN'; readonly slowStart?: SlowStart }
  | {
      readonly kind: 'LEAST_REQUEST';
      readonly choiceCount: number;
      readonly activeRequestBias: number;
      readonly slowStart?: SlowStart;
    }
  | { readonly kind: 'RANDOM' }
  | { readonly kind: 'RING_HASH'; readonly minimumRingSize: number; readonly maximumRingSize: number }
  | { readonly kind: 'MAGLEV'; readonly tableSize: number }
  /** ORIGINAL_DST: the call goes where the application dialled. */
  | { readonly kind: 'CLUSTER_PROVIDED' };

export interface SlowStart {
  readonly windowMs: number;
  readonly aggression: number;
  /** Percent of the full weight. */
  readonly minWeightPercent: number;
}

/** Envoy's thresholds of the DEFAULT priority. Infinity = no limit. */
export interface CircuitBreakers {
  readonly maxConnections: number;
  readonly maxPendingRequests: number;
  readonly maxRequests: number;
  readonly maxRetries: number;
  readonly retryBudget?: { readonly percent: number; readonly minRetryConcurrency: number };
}

/** Envoy's OutlierDetection; times in milliseconds. */
export interface OutlierDetection {
  readonly consecutive5xx: number;
  readonly enforcingConsecutive5xx: number;
  readonly consecutiveGatewayFailure: number;
  readonly enforcingConsecutiveGatewayFailure: number;
  readonly consecutiveLocalOriginFailure: number;
  readonly enforcingConsecutiveLocalOriginFailure: number;
  readonly splitExternalLocalOriginErrors: boolean;
  readonly intervalMs: number;
  readonly baseEjectionTimeMs: number;
  readonly maxEjectionTimeMs: number;
  readonly maxEjectionPercent: number;
  /** The first host may be ejected whatever the percentage. */
  readonly alwaysEjectOneHost: boolean;
  readonly enforcingSuccessRate: number;
  /** Of connections, where local errors are counted apart; so is `enforcingFailurePercentageLocalOrigin`. */
  readonly enforcingLocalOriginSuccessRate: number;
  readonly successRateMinimumHosts: number;
  readonly successRateRequestVolume: number;
  readonly successRateStdevFactor: number;
  readonly failurePercentageThreshold: number;
  readonly enforcingFailurePercentage: number;
  readonly enforcingFailurePercentageLocalOrigin: number;
  readonly failurePercentageMinimumHosts: number;
  readonly failurePercentageRequestVolume: number;
}

export interface ConnectionPoolSettings {
  /** Milliseconds. */
  readonly connectTimeoutMs: number;
  /** Milliseconds; undefined = not said by the control plane, Infinity = never closed for being idle. */
  readonly idleTimeoutMs?: number;
  /** 0 = no limit. */
  readonly maxRequestsPerConnection: number;
  readonly tcpKeepalive?: {
    readonly timeMs?: number;
    readonly intervalMs?: number;
    readonly probes?: number;
  };
  /** Upstream speaks HTTP/2 only (`h2UpgradePolicy`, port named `http2` or `grpc`). */
  readonly http2: boolean;
}

/** What TLS the cluster asks of its connections. Files and SANs are kept for `transport/`. */
export type ClusterTls =
  | { readonly kind: 'none' }
  /** Auto-mTLS: decided per endpoint by its `tlsMode`. */
  | { readonly kind: 'auto'; readonly sni: string; readonly subjectAltNames: readonly string[] }
  /** An explicit ISTIO_MUTUAL of a DestinationRule. */
  | { readonly kind: 'istio-mutual'; readonly sni: string; readonly subjectAltNames: readonly string[] }
  | UpstreamTls;

/** SIMPLE or MUTUAL of a DestinationRule: TLS that begins here. TLS 1.2 or 1.3 unless said otherwise. */
export interface UpstreamTls {
  readonly kind: 'tls';
  /** The SNI to send; absent = none, or the request's host. */
  readonly sni?: string;
  /** Without an SNI of its own, that of the request's host (`auto_sni`). */
  readonly autoSni?: boolean;
  /** The certificate must be one for the request's host (`auto_san_validation`). */
  readonly autoSanValidation?: boolean;
  /** The certificate must have one of these names; empty = any. */
  readonly subjectAltNames: readonly string[];
  /** PEM file of the roots; absent = the operating system's. */
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  /** PEM file of certificates that were revoked. */
  readonly crlFile?: string;
  readonly minVersion?: TlsVersion;
  readonly maxVersion?: TlsVersion;
  readonly insecureSkipVerify: boolean;
  /** What it needs and this process cannot have (a secret that is no file), in words: calls are refused. */
  readonly unavailable?: string;
}

export type TlsVersion = 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';

export interface Cluster {
  /** `outbound|<port>|<subset>|<host>`, or a special name. */
  readonly name: string;
  /** As statistics and command operators name it (`alt_stat_name`); its name when absent. */
  readonly statName?: string;
  readonly discovery: 'EDS' | 'STRICT_DNS' | 'LOGICAL_DNS' | 'STATIC' | 'ORIGINAL_DST';
  /** Name to ask EDS for; the cluster's own when absent. */
  readonly edsServiceName?: string;
  readonly loadBalancing: LoadBalancingPolicy;
  readonly circuitBreakers: CircuitBreakers;
  readonly outlierDetection?: OutlierDetection;
  readonly pool: ConnectionPoolSettings;
  /** Percent below which health is ignored; Envoy's default is 50, istiod sends 0 with outlier detection. */
  readonly healthyPanicThreshold: number;
  /** Locality weights count (`locality_weighted_lb_config`). */
  readonly localityWeighted: boolean;
  readonly tls: ClusterTls;
  readonly dns?: {
    readonly refreshMs: number;
    readonly respectTtl: boolean;
    readonly family: 'v4' | 'v6' | 'auto';
  };
  /** Inline endpoints of STATIC and DNS clusters (host names still unresolved). */
  readonly inlineEndpoints?: LoadAssignment;
  readonly origin?: ConfigOrigin;
}

/** UNKNOWN counts as healthy, as in Envoy. */
export type EndpointHealth = 'UNKNOWN' | 'HEALTHY' | 'UNHEALTHY' | 'DRAINING' | 'TIMEOUT' | 'DEGRADED';

export interface Endpoint {
  /** IP address, or a host name in an unresolved DNS cluster. No brackets around IPv6. */
  readonly address: string;
  readonly port: number;
  readonly hostname?: string;
  /** At least 1. */
  readonly weight: number;
  readonly health: EndpointHealth;
  /** `istio` = the endpoint's sidecar takes mTLS. */
  readonly tlsMode?: string;
  /** `workload;namespace;canonical name;revision;cluster` as istiod sends it. */
  readonly workload?: string;
}

export interface Locality {
  readonly region: string;
  readonly zone: string;
  readonly subZone: string;
}

export interface LocalityEndpoints {
  readonly locality: Locality;
  /** 0 = the locality takes nothing when weights count. */
  readonly weight: number;
  readonly priority: number;
  readonly endpoints: readonly Endpoint[];
}

/** Envoy's ClusterLoadAssignment. */
export interface LoadAssignment {
  readonly clusterName: string;
  readonly localities: readonly LocalityEndpoints[];
  /** Percent; Envoy's default is 140. */
  readonly overprovisioningFactor: number;
  readonly dropOverloads: readonly { readonly category: string; readonly fraction: Fraction }[];
}

/** A cluster in use together with its resolved endpoints: what the main thread gets. */
export interface ClusterSnapshot {
  readonly cluster: Cluster;
  /** Addresses are IPs. Empty localities when nothing is known or nothing exists. */
  readonly endpoints: LoadAssignment;
}
