/** What a source says of its registry, before any rule of the mesh: facts as the registry lists them, nothing dropped. */

/**
 * How a service is described where it comes from; convert treats each kind by its own rules. `dubbo-consumers` are those
 * who call an interface, each with its metadata `application`: nobody calls them.
 */
export type ServiceKind = 'service' | 'dubbo-interface' | 'dubbo-application' | 'dubbo-consumers';

/** One address and port of a service. Immutable. */
export interface RegistryInstance {
  /** Unique within the service and stable over updates of the same instance. */
  readonly id: string;
  /** IP address or host name, as registered. */
  readonly address: string;
  /** As registered, even when out of range. */
  readonly port: number;
  /** As registered (fractions, zero and negatives included); 1 where the registry has no weights. */
  readonly weight: number;
  /** The registry's own health verdict; true where it has none. */
  readonly healthy: boolean;
  /** False: switched off by an operator. */
  readonly enabled: boolean;
  /** Application protocol if the registry itself tells it (Dubbo URL, Eureka's secure port); else metadata decides. */
  readonly protocol?: string;
  /** Nacos cluster, Consul datacenter, Eureka zone. */
  readonly cluster?: string;
  readonly region?: string;
  readonly zone?: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Dubbo's own naming of an interface. Empty parts are ''. */
export interface DubboKey {
  readonly interface: string;
  readonly group: string;
  readonly version: string;
  /** Application that provides it, if known. */
  readonly application: string;
}

/** One service with all its instances. Immutable: a change is a new object. */
export interface RegistryService {
  /** Unique within the source, stable: `namespace/group/name`, or what the registry uses. */
  readonly key: string;
  readonly kind: ServiceKind;
  /** '' where the registry has no such level. */
  readonly namespace: string;
  readonly group: string;
  readonly name: string;
  readonly dubbo?: DubboKey;
  readonly metadata: Readonly<Record<string, string>>;
  readonly instances: readonly RegistryInstance[];
}

/** Something in the registry that cannot be used, told to the operator at `/rejected`. */
export interface RegistryProblem {
  readonly service: string;
  /** Absent: the whole service. */
  readonly instance?: string;
  /** One sentence: what is wrong and what to do. */
  readonly reason: string;
}
