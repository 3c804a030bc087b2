import type { ClusterSnapshot, UnsupportedField } from '../../model';
import { clusterServices, type ServiceName } from '../../xds';
import type { ClusterUse } from '../worker/cluster-use';
import type { MeshState } from '../worker/mesh-state';
import { type Lookup, lookUpHttp, lookUpTls } from './lookup';

/** Where an inspection's knowledge comes from. */
export type InspectionSource =
  | { readonly kind: 'control-plane'; readonly xds: string; readonly answeredMs: number }
  | {
      readonly kind: 'snapshot';
      readonly file: string;
      /** Milliseconds since 1970. */
      readonly savedAt: number;
      /** As the snapshot has it: JSON of control plane, pod, namespace, service account, labels. */
      readonly identity: string;
      /** It is of the identity that the environment gives. */
      readonly own: boolean;
    };

/** No answer: `message` says what is wrong and what to do. */
export class InspectionError extends Error {
  override readonly name = 'InspectionError';
}

/** A cluster as a host in use has it. */
export interface InspectedCluster {
  readonly snapshot: ClusterSnapshot;
  readonly services: readonly ServiceName[];
  readonly unsupported: readonly UnsupportedField[];
}

/** What the control plane says to a process of this identity, to be looked at. Close it when done. */
export interface Inspection {
  readonly source: InspectionSource;
  /** Waits until all is known that the host's calls need. @throws {InspectionError} when that takes too long */
  http(port: number, host: string): Promise<Lookup>;
  tls(port: number, host: string): Promise<Lookup>;
  /** A cluster of a host that was asked for; undefined if the control plane has none of that name. */
  cluster(name: string): InspectedCluster | undefined;
  /** What was refused (NACK) so far. */
  refused(): readonly UnsupportedField[];
  close(): void;
}

/** What both kinds of inspection have in common. */
export abstract class BaseInspection implements Inspection {
  abstract readonly source: InspectionSource;
  protected abstract readonly state: MeshState;
  protected abstract readonly uses: ReadonlyMap<string, ClusterUse>;

  /** `domain`: the node's, for short names. */
  constructor(private readonly domain: string) {}

  async http(port: number, host: string): Promise<Lookup> {
    await this.followed('http', port, host);
    return lookUpHttp(this.state, port, host);
  }

  async tls(port: number, host: string): Promise<Lookup> {
    await this.followed('https', port, host);
    return lookUpTls(this.state, port, host, this.domain);
  }

  cluster(name: string): InspectedCluster | undefined {
    const use = this.uses.get(name);
    const bytes = this.state.clusters.get(name);
    if (use === undefined || bytes === undefined) return undefined;
    return { snapshot: use.snapshot, services: clusterServices(bytes), unsupported: use.unsupported };
  }

  abstract refused(): readonly UnsupportedField[];
  abstract close(): void;

  /** Resolves when the host and its clusters are known. */
  protected abstract followed(scheme: 'http' | 'https', port: number, host: string): Promise<void>;
}
