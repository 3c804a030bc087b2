/** The reverse direction put together: mesh hosts → what may be published → Nacos. */

import type { SourceContext } from '../model';
import { type ExportConfig, type ExportedHostConfig, exportMistakes } from './config';
import type { ExportedEndpoint, ExportedHosts } from './hosts';
import { MeshHosts } from './mesh-hosts';
import { ORIGIN } from './origin';
import { NacosPublisher, type PublishedInstance } from './publisher';

export interface ExportContext extends SourceContext {
  /** Why a host must not be published, as it came from a registry itself; undefined: it may. */
  readonly refusal: (host: string) => string | undefined;
  /** Is the address an instance of a registry already? Its callers see it there. */
  readonly isRegistered: (address: string, port: number) => boolean;
  /** For tests; istiod otherwise. */
  readonly hosts?: ExportedHosts;
}

/** What became of one host of the allow-list. */
export interface ExportStatus {
  readonly host: string;
  readonly port: number;
  /** `group@@name` in Nacos. */
  readonly as: string;
  readonly published: number;
  /** Why endpoints, or all of it, are not published: one sentence; undefined: all are. */
  readonly reason: string | undefined;
}

/** Throws one sentence per mistake that the schema cannot see. */
export function createExporter(config: ExportConfig, context: ExportContext): Exporter {
  const mistakes = exportMistakes(config);
  if (mistakes.length > 0) throw new Error(`export: ${mistakes.join('; ')}`);
  return new Exporter(config, context);
}

interface Outgoing {
  readonly config: ExportedHostConfig;
  /** Undefined: the mesh has not said anything of it yet. */
  endpoints: readonly ExportedEndpoint[] | undefined;
  status: ExportStatus;
}

export class Exporter {
  readonly #publisher: NacosPublisher;
  readonly #hosts: ExportedHosts;
  readonly #outgoing: readonly Outgoing[];

  constructor(
    readonly config: ExportConfig,
    readonly context: ExportContext,
  ) {
    const { xds: address, xdsCaFile: caFile, xdsServerName: serverName, tokenFile } = config;
    const { podName, podNamespace } = config;
    const { random, log } = context;
    const controlPlane = { address, caFile, serverName, tokenFile, podName, podNamespace };
    this.#publisher = new NacosPublisher(config.nacos, context);
    this.#hosts = context.hosts ?? new MeshHosts({ controlPlane, hosts: config.hosts, random, log });
    this.#outgoing = config.hosts.map((each) => ({
      config: each,
      endpoints: undefined,
      status: statusOf(each, 0, 'the mesh has not answered yet'),
    }));
  }

  get isSettled(): boolean {
    return this.#publisher.isSettled;
  }

  status(): ExportStatus[] {
    return this.#outgoing.map(({ status }) => status);
  }

  /** Without hosts nothing is dialled. */
  start(): void {
    if (this.#outgoing.length === 0) return;
    this.#publisher.start();
    this.#hosts.start(({ host, port }, endpoints) => {
      for (const outgoing of this.#outgoing) {
        if (outgoing.config.host !== host || outgoing.config.port !== port) continue;
        outgoing.endpoints = endpoints;
        this.#publish(outgoing);
      }
    });
  }

  /** What the registries hold has changed: some of it may have to be published, or withdrawn. */
  refresh(): void {
    for (const outgoing of this.#outgoing) if (outgoing.endpoints) this.#publish(outgoing);
  }

  /** Withdraws everything. */
  async stop(): Promise<void> {
    await this.#hosts.stop();
    await this.#publisher.stop();
  }

  #publish(outgoing: Outgoing): void {
    const { config } = outgoing;
    const { instances, reason } = this.#choose(config, outgoing.endpoints ?? []);
    const before = outgoing.status.reason;
    outgoing.status = statusOf(config, instances.length, reason);
    if (reason !== undefined && reason !== before)
      this.context.log.warn('export.left-out', { host: config.host, reason });
    this.#publisher.publish(config.group, config.as, instances);
  }

  #choose(
    host: ExportedHostConfig,
    endpoints: readonly ExportedEndpoint[],
  ): { instances: PublishedInstance[]; reason: string | undefined } {
    const refusal = this.context.refusal(host.host);
    if (refusal !== undefined) return { instances: [], reason: refusal };
    if (endpoints.length === 0) return { instances: [], reason: 'the mesh has no endpoints for it' };
    const metadata = { ...host.metadata, [ORIGIN]: this.config.meshId };
    if (this.config.address === 'gateway') {
      const instances = this.config.gateways.map((gateway) => ({
        ...splitAddress(gateway),
        weight: 1,
        metadata,
      }));
      return { instances, reason: undefined };
    }
    const callable = endpoints.filter(({ isSecured }) => host.permissive || !isSecured);
    const foreign = callable.filter(({ address, port }) => !this.context.isRegistered(address, port));
    const instances = foreign.map(({ address, port, weight }) => ({ ip: address, port, weight, metadata }));
    // Replicas publish the same batch, whatever order istiod sends.
    instances.sort((a, b) => (a.ip < b.ip ? -1 : a.ip > b.ip ? 1 : a.port - b.port));
    return { instances, reason: reasonOf(endpoints.length, callable.length, foreign.length) };
  }
}

function reasonOf(all: number, callable: number, foreign: number): string | undefined {
  const secured = all - callable;
  const registered = callable - foreign;
  const parts: string[] = [];
  if (secured > 0)
    parts.push(
      `${secured} of ${all} endpoints want mTLS; set \`permissive: true\` if they take plaintext too`,
    );
  if (registered > 0) parts.push(`${registered} of ${all} endpoints are registered by themselves`);
  return parts.length === 0 ? undefined : parts.join('; ');
}

function statusOf(
  { host, port, group, as }: ExportedHostConfig,
  published: number,
  reason: string | undefined,
): ExportStatus {
  return { host, port, as: `${group}@@${as}`, published, reason };
}

function splitAddress(text: string): { ip: string; port: number } {
  const at = text.lastIndexOf(':');
  return { ip: text.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(text.slice(at + 1)) };
}
