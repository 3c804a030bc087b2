/**
 * The endpoints of mesh hosts by istiod's EDS: one delta stream with nothing but the clusters asked for, as an ordinary
 * sidecar node. What was known stays while istiod is away.
 */

import { Client, type ClientDuplexStream } from '@grpc/grpc-js';
import type { LoadAssignment } from '../../model';
import {
  aggregatedDiscoveryService,
  type DeltaRequest,
  type DeltaResponse,
  decodeLoadAssignment,
  TYPE_URL,
} from '../../xds';
import { Retry } from '../http';
import type { SourceLog } from '../model';
import { type ControlPlane, dialControlPlane } from './control-plane';
import type { EndpointsListener, ExportedEndpoint, ExportedHosts, HostPort } from './hosts';

const BASE_MS = 100;
const CAP_MS = 15_000;

export interface MeshHostsOptions {
  readonly controlPlane: ControlPlane;
  readonly hosts: readonly HostPort[];
  readonly random: () => number;
  readonly log: SourceLog;
}

export class MeshHosts implements ExportedHosts {
  readonly #byCluster: ReadonlyMap<string, HostPort>;
  readonly #retry: Retry;
  #listener: EndpointsListener = () => undefined;
  #client: Client | undefined;
  #call: ClientDuplexStream<DeltaRequest, DeltaResponse> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #complained = false;
  #stopped = false;

  constructor(readonly options: MeshHostsOptions) {
    this.#byCluster = new Map(options.hosts.map((each) => [clusterOf(each), each]));
    this.#retry = new Retry({ baseMs: BASE_MS, capMs: CAP_MS, random: options.random });
  }

  start(listener: EndpointsListener): void {
    this.#listener = listener;
    void this.#dial();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#close();
  }

  async #dial(): Promise<void> {
    try {
      const { target, credentials, options, metadata, node } = await dialControlPlane(
        this.options.controlPlane,
      );
      if (this.#stopped) return;
      this.#client = new Client(target, credentials, options);
      const { path, requestSerialize, responseDeserialize } =
        aggregatedDiscoveryService.DeltaAggregatedResources;
      const call = this.#client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata);
      this.#call = call;
      let first = true;
      call.on('data', (response: DeltaResponse) => {
        if (call !== this.#call) return;
        this.#take(response, first);
        first = false;
      });
      call.on('error', (error) => this.#ended(call, error.message));
      call.on('end', () => this.#ended(call, undefined));
      const subscribe = [...this.#byCluster.keys()];
      call.write({ typeUrl: TYPE_URL.endpoint, node, subscribe, initialResourceVersions: {} });
    } catch (error) {
      this.#ended(this.#call, (error as Error).message);
    }
  }

  #take(response: DeltaResponse, first: boolean): void {
    if (response.typeUrl !== TYPE_URL.endpoint) return;
    this.#retry.good();
    if (this.#complained) this.options.log.info('export.mesh.up', {});
    this.#complained = false;
    const reasons: string[] = [];
    // A first answer that does not mention a cluster says that it does not exist.
    const gone = new Set(first ? this.#byCluster.keys() : response.removedResources);
    for (const { name, value } of response.resources) {
      const decoded = decodeLoadAssignment(value);
      const wanted = this.#byCluster.get(name);
      gone.delete(name);
      if (!decoded.ok) reasons.push(...decoded.reasons);
      else if (wanted) this.#listener(wanted, endpointsOf(decoded.value));
    }
    for (const name of gone) {
      const wanted = this.#byCluster.get(name);
      if (wanted) this.#listener(wanted, []);
    }
    const acknowledgement = { typeUrl: response.typeUrl, responseNonce: response.nonce };
    const errorDetail = { code: 3, message: reasons.join('; ').slice(0, 4_000) };
    this.#call?.write(reasons.length === 0 ? acknowledgement : { ...acknowledgement, errorDetail });
  }

  #ended(
    call: ClientDuplexStream<DeltaRequest, DeltaResponse> | undefined,
    reason: string | undefined,
  ): void {
    if (call !== this.#call || this.#stopped) return;
    this.#close();
    // istiod ends each stream after half an hour, in good order.
    if (reason !== undefined && !this.#complained) {
      this.#complained = true;
      const { address } = this.options.controlPlane;
      this.options.log.warn('export.mesh.down', { address, reason });
    }
    this.#timer = setTimeout(() => void this.#dial(), this.#retry.next());
  }

  #close(): void {
    const call = this.#call;
    this.#call = undefined;
    call?.cancel();
    this.#client?.close();
    this.#client = undefined;
  }
}

/** Istio's name for a host's port, without a subset. */
function clusterOf({ host, port }: HostPort): string {
  return `outbound|${port}||${host}`;
}

function endpointsOf({ localities }: LoadAssignment): ExportedEndpoint[] {
  return localities
    .flatMap(({ endpoints }) => endpoints)
    .filter(({ health }) => health === 'HEALTHY' || health === 'UNKNOWN')
    .map(({ address, port, weight, tlsMode }) => ({ address, port, weight, isSecured: tlsMode === 'istio' }));
}
