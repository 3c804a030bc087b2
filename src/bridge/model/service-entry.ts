/** What the bridge serves: Istio's ServiceEntry as it goes on the wire, one per host. Plain data, keys sorted by convert. */

/** `networking.istio.io` ServiceEntry.ports. */
export interface ServedPort {
  readonly number: number;
  /** DNS-1123 label, unique within the entry. */
  readonly name: string;
  /** One of istiod's: HTTP, HTTPS, GRPC, HTTP2, TCP, TLS, … */
  readonly protocol: string;
}

/** `networking.istio.io` WorkloadEntry, inlined. */
export interface ServedEndpoint {
  readonly address: string;
  /** Port name of the entry → the instance's own port. */
  readonly ports: Readonly<Record<string, number>>;
  readonly labels: Readonly<Record<string, string>>;
  /** `region/zone/subzone`, or ''. */
  readonly locality: string;
  /** ≥ 1. */
  readonly weight: number;
  readonly network: string;
  readonly serviceAccount: string;
}

export interface ServedEntry {
  /** Lower case; unique over everything served. */
  readonly host: string;
  /** Kubernetes-style, of the MCP resource: `namespace/name` is the resource's name. */
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** The VIP; one address. */
  readonly addresses: readonly string[];
  readonly ports: readonly ServedPort[];
  readonly resolution: 'STATIC' | 'DNS';
  readonly location: 'MESH_INTERNAL' | 'MESH_EXTERNAL';
  readonly exportTo: readonly string[];
  /** Sorted by address, then ports: equal content gives equal bytes. */
  readonly endpoints: readonly ServedEndpoint[];
  /** Which registry services it was made of: `source/key`, for `/catalogue`. */
  readonly from: readonly string[];
}

/** Something that is not served, and why; `/rejected` and a metric. */
export interface Rejection {
  /** Source's name. */
  readonly source: string;
  readonly service: string;
  readonly instance?: string;
  /** Stable, for the metric's label: `address-not-ip`, `bad-label`, `host-taken`, … */
  readonly code: string;
  /** One sentence: what is wrong, where, what to do. */
  readonly reason: string;
}

/** Istio's Sidecar of one application: what its proxies are told of. */
export interface ServedSidecar {
  /** Kubernetes-style, of the MCP resource; the namespace is the one of the workloads. */
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Labels of the workloads; never empty. */
  readonly selector: Readonly<Record<string, string>>;
  /** `namespace/host`, in byte order. */
  readonly hosts: readonly string[];
}

/** The whole truth to be served at one moment. Entries are shared between snapshots when they did not change. */
export interface ServedSnapshot {
  /** By `namespace/name`, in byte order. */
  readonly entries: ReadonlyMap<string, ServedEntry>;
  /** By `namespace/name`, in byte order; absent: none are made. */
  readonly sidecars?: ReadonlyMap<string, ServedSidecar>;
}

/** Where the MCP server takes its content from; implemented by the catalogue. */
export interface ServedContent {
  /** Undefined until the first synchronisation (or a disk snapshot, or the time-out) opens the gate. */
  readonly snapshot: ServedSnapshot | undefined;
  /** True: Sidecars are wanted and not made yet, so the question for them waits: an empty answer would delete them. */
  readonly awaitsSidecars?: boolean;
  /** `changed`: names of entries added, altered or removed. `receivedAt`: when the first of the news came (ms, monotonic). */
  onChange(listener: (changed: ReadonlySet<string>, receivedAt: number) => void): () => void;
}
