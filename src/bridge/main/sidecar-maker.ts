/** Sidecars beside the rest of the bridge: made again a while after consumers or hosts have changed. */

import { isDeepStrictEqual } from 'node:util';
import type { ServiceReport } from '../catalogue';
import type { BridgeConfig } from '../config';
import type { RegistryService, ServedSidecar, ServedSnapshot } from '../model';
import { callsOf, hostsOf, type ProvidedInterface, type SidecarStatus, Sidecars } from '../sidecars';

export interface SidecarContext {
  readonly snapshot: () => ServedSnapshot | undefined;
  /** Every registry service with what it is served as. */
  readonly reports: () => Iterable<ServiceReport>;
  /** As the registry lists it now. */
  readonly service: (source: string, key: string) => RegistryService | undefined;
  /** Undefined until every source that has some was read. */
  readonly consumers: () => readonly RegistryService[] | undefined;
  /** They will be made: what asks for them waits. */
  readonly awaited: () => void;
  /** They could not be made in time: nothing waits for them any longer. */
  readonly givenUp: () => void;
  readonly made: (sidecars: ReadonlyMap<string, ServedSidecar> | undefined) => void;
}

/** Changes that come together are one, ms. */
const SOON_MS = 1_000;
/** What is no longer consumed is to vanish some time, without any change, ms. */
const SWEEP_MS = 60_000;

export class SidecarMaker {
  private sidecars: Sidecars | undefined;
  private config: BridgeConfig['sidecars'] | undefined;
  private soon: NodeJS.Timeout | undefined;
  private sweep: NodeJS.Timeout | undefined;
  private patience: NodeJS.Timeout | undefined;
  private isMade = false;

  constructor(private readonly context: SidecarContext) {}

  status(): readonly SidecarStatus[] {
    return this.sidecars?.status() ?? [];
  }

  apply({ sidecars: config, sources }: BridgeConfig): void {
    if (!isDeepStrictEqual(config, this.config)) {
      this.stop();
      this.config = config;
      if (config.workloads.length === 0) {
        this.context.made(undefined);
        return;
      }
      this.sidecars = new Sidecars(config);
      this.context.awaited();
      // As with ServiceEntries: a registry that is away is not waited for without end.
      const patienceMs = Math.max(...sources.map(({ syncTimeoutMs }) => syncTimeoutMs));
      this.patience = setTimeout(() => this.context.givenUp(), patienceMs).unref();
      this.sweep = setInterval(() => this.changed(), SWEEP_MS).unref();
    }
    this.changed();
  }

  /** Who consumes, or what is served, is another now. */
  changed(): void {
    if (!this.sidecars) return;
    if (!this.isMade) this.make();
    else this.soon ??= setTimeout(() => this.make(), SOON_MS).unref();
  }

  /** Now. What was made before stays as long as not everything is known: a Sidecar that misses a host breaks calls. */
  make(): void {
    clearTimeout(this.soon);
    this.soon = undefined;
    const { consumers, snapshot, made } = this.context;
    const known = consumers();
    const served = snapshot();
    if (!this.sidecars || !known || !served) return;
    this.isMade = true;
    made(this.sidecars.make(callsOf(known), hostsOf(this.provided(served)), Date.now()));
  }

  stop(): void {
    clearTimeout(this.soon);
    clearTimeout(this.patience);
    clearInterval(this.sweep);
    this.isMade = false;
    this.soon = undefined;
    this.sidecars = undefined;
    this.config = undefined;
  }

  private *provided({ entries }: ServedSnapshot): Iterable<ProvidedInterface> {
    const namespaces = new Map<string, string>();
    for (const { host, namespace } of entries.values()) namespaces.set(host, namespace);
    for (const { source, key, hosts } of this.context.reports()) {
      const dubbo = this.context.service(source, key)?.dubbo;
      if (dubbo) yield { dubbo, hosts: hosts.map((host) => `${namespaces.get(host)}/${host}`) };
    }
  }
}
