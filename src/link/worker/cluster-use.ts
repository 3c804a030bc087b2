import type { Cluster, ClusterSnapshot, LoadAssignment, UnsupportedField } from '../../model';
import { decodeCluster, decodeLoadAssignment } from '../../xds';
import { DnsEndpoints, type DnsOptions, emptyAssignment } from './dns-endpoints';

/** Where endpoints of EDS clusters come from. */
export interface EdsSource {
  /** Bytes of the load assignment; null = answered, and there is none; undefined = not answered yet. */
  assignment(name: string): Uint8Array | null | undefined;
  /** Subscribes. Idempotent. */
  follow(name: string, user: string): void;
  /** Unsubscribes when nobody else follows it, and forgets it: istiod does not take back a deleted cluster's. */
  leave(name: string, user: string): void;
}

export interface ClusterUseOptions {
  readonly eds: EdsSource;
  readonly dns: Omit<DnsOptions, 'changed'>;
  /** Something of the snapshot changed, or it became ready. */
  readonly changed: (use: ClusterUse) => void;
}

/** A cluster that a followed host needs: decoded, with its endpoints from wherever it says they come. */
export class ClusterUse {
  #bytes: Uint8Array;
  #cluster!: Cluster;
  #unsupported: readonly UnsupportedField[] = [];
  #dns: DnsEndpoints | undefined;
  #edsName: string | undefined;
  #edsBytes: Uint8Array | null | undefined;
  #endpoints: LoadAssignment | undefined;

  constructor(
    readonly name: string,
    bytes: Uint8Array,
    readonly options: ClusterUseOptions,
  ) {
    this.#bytes = bytes;
    this.#open();
  }

  get cluster(): Cluster {
    return this.#cluster;
  }

  get unsupported(): readonly UnsupportedField[] {
    return this.#unsupported;
  }

  /** The name its endpoints are asked by, if it is an EDS cluster. */
  get edsName(): string | undefined {
    return this.#edsName;
  }

  /** Endpoints are known, be it that there are none. */
  get ready(): boolean {
    return this.#endpoints !== undefined;
  }

  get snapshot(): ClusterSnapshot {
    return { cluster: this.#cluster, endpoints: this.#endpoints ?? emptyAssignment(this.name) };
  }

  /** About how much work the snapshot is to hand over, in bytes of its protobuf form. */
  get cost(): number {
    return this.#bytes.length + (this.#edsBytes?.length ?? 0);
  }

  /** CDS sent other bytes for it. */
  update(bytes: Uint8Array): void {
    if (Buffer.compare(bytes, this.#bytes) === 0) return;
    this.#bytes = bytes;
    this.#open();
    this.options.changed(this);
  }

  /** EDS may have something new. */
  refresh(): void {
    if (this.#edsName === undefined) return;
    const bytes = this.options.eds.assignment(this.#edsName);
    if (bytes === undefined || bytes === this.#edsBytes) return;
    this.#edsBytes = bytes;
    this.#endpoints = bytes === null ? emptyAssignment(this.name) : decodeAssignment(bytes, this.name);
    this.options.changed(this);
  }

  stop(): void {
    this.#dns?.stop();
    this.#dns = undefined;
    if (this.#edsName !== undefined) this.options.eds.leave(this.#edsName, this.name);
    this.#edsName = undefined;
  }

  #open(): void {
    const decoded = decodeCluster(this.#bytes);
    // The table takes only bytes that decode; a decoder that changes its mind is a defect worth a loud end.
    if (!decoded.ok) throw new Error(`cluster ${this.name}: ${decoded.reasons.join('; ')}`);
    this.#cluster = decoded.value;
    this.#unsupported = decoded.unsupported;
    const { discovery, edsServiceName, inlineEndpoints } = decoded.value;
    const edsName = discovery === 'EDS' ? edsServiceName || this.name : undefined;
    if (edsName !== this.#edsName) {
      if (this.#edsName !== undefined) this.options.eds.leave(this.#edsName, this.name);
      this.#edsName = edsName;
      this.#edsBytes = undefined;
      if (edsName !== undefined) this.options.eds.follow(edsName, this.name);
    }
    if (edsName !== undefined) {
      this.refresh();
      return;
    }
    if (discovery === 'STRICT_DNS' || discovery === 'LOGICAL_DNS') {
      this.#resolve();
      return;
    }
    this.#dns?.stop();
    this.#dns = undefined;
    this.#endpoints = inlineEndpoints ?? emptyAssignment(this.name);
  }

  /** Starts anew; what was resolved before stays until the new answer is there. */
  #resolve(): void {
    const former = this.#dns;
    former?.stop();
    const changed = () => {
      if (this.#dns !== resolver || !resolver.ready) return;
      this.#endpoints = resolver.endpoints;
      this.options.changed(this);
    };
    const resolver = new DnsEndpoints(this.#cluster, { ...this.options.dns, changed }, former);
    this.#dns = resolver;
    if (resolver.ready) this.#endpoints = resolver.endpoints;
  }
}

function decodeAssignment(bytes: Uint8Array, name: string): LoadAssignment {
  const decoded = decodeLoadAssignment(bytes);
  return decoded.ok ? decoded.value : emptyAssignment(name);
}
