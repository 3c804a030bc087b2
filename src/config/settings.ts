/** All settings of the agent, typed. Filled by `loadSettings` from the registry of this room. */

/** Who this process is, from Istio's own environment names. */
export interface Identity {
  /** `POD_NAME`; outside Kubernetes the host name. */
  readonly podName: string;
  readonly podNamespace: string;
  readonly instanceIp: string;
  readonly serviceAccount: string;
  readonly trustDomain: string;
  /** `ISTIO_META_<NAME>` by `<NAME>`: values as given. */
  readonly meta: Readonly<Record<string, string>>;
  /** `ISTIO_METAJSON_LABELS` (and `ISTIO_META_LABELS`), plus downward API labels if given. */
  readonly labels: Readonly<Record<string, string>>;
  readonly locality: { readonly region: string; readonly zone: string; readonly subZone: string };
}

/** How registry clients see the mesh: lists of `name=value`. */
export interface RegistrySettings {
  readonly modes: readonly string[];
  readonly hosts: readonly string[];
  readonly namespaces: readonly string[];
  readonly weights: readonly string[];
  readonly calls: readonly string[];
}

export interface Settings {
  readonly enabled: boolean;
  /** `grpcs://host:port` or `grpc://host:port`. */
  readonly xds: string;
  /** PEM file of the control plane's root. */
  readonly xdsCa: string;
  /** Name to verify in the control plane's certificate; the URL's host when empty. */
  readonly xdsServerName: string;
  /** File with the bearer token; read again for every stream. */
  readonly token: string;
  /** Only these hooks; empty = all. */
  readonly hooks: readonly string[];
  readonly hooksOff: readonly string[];
  readonly firstUseTimeoutMs: number;
  /** Empty = no snapshot. */
  readonly snapshotDir: string;
  readonly snapshotMaxAgeMs: number;
  readonly log: 'debug' | 'info' | 'warn' | 'error' | 'off';
  readonly logFormat: 'auto' | 'json' | 'pretty';
  /** JSON file with toggles that may change at run time; empty = none. */
  readonly file: string;
  /** Heap limit of the worker thread, MiB. */
  readonly workerMemoryMb: number;
  /** Add x-request-id, x-envoy-attempt-count and their like. */
  readonly envoyHeaders: boolean;
  /** Add x-envoy-decorator-operation among them. */
  readonly decorator: boolean;
  /** Stay on although a sidecar is there. */
  readonly besideSidecar: boolean;
  readonly registry: RegistrySettings;
  readonly identity: Identity;
}
