/**
 * Stands between a current istiod and a config source and asks as an istiod before 1.24 did, which is all that
 * nacos-istio understands: ServiceEntries are `v1` on one side and `v1alpha3` on the other. Nothing else is touched.
 */

import { Client, credentials, Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import { aggregatedDiscoveryService, type SotwRequest, type SotwResponse } from '../../../../src/xds';
import { SERVICE_ENTRY_V1 } from '../../../support/bridge/adsc';

export const SERVICE_ENTRY_V1ALPHA3 = 'networking.istio.io/v1alpha3/ServiceEntry';

const { path, requestSerialize, responseDeserialize } = aggregatedDiscoveryService.StreamAggregatedResources;

export class OlderTypes {
  private readonly server = new Server({ 'grpc.max_send_message_length': -1 });
  private readonly client: Client;
  private port = 0;

  private constructor(target: string) {
    this.client = new Client(target, credentials.createInsecure(), {
      'grpc.max_receive_message_length': -1,
      // A server that comes back is found as soon as istiod asks for it.
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 500,
    });
    this.server.addService(aggregatedDiscoveryService as never, {
      StreamAggregatedResources: (call: ServerDuplexStream<SotwRequest, SotwResponse>) => this.join(call),
      DeltaAggregatedResources: (call: ServerDuplexStream<unknown, unknown>) => call.end(),
    });
  }

  /** `target` is `host:port` of the config source. */
  static async start(target: string): Promise<OlderTypes> {
    const relay = new OlderTypes(target);
    relay.port = await new Promise<number>((resolve, reject) => {
      relay.server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
        error === null ? resolve(port) : reject(error),
      );
    });
    return relay;
  }

  /** A config source of istiod. */
  get configSource(): string {
    return `xds://127.0.0.1:${this.port}`;
  }

  stop(): void {
    this.server.forceShutdown();
    this.client.close();
  }

  private join(call: ServerDuplexStream<SotwRequest, SotwResponse>): void {
    const source = this.client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    let isOver = false;
    const over = (error?: Error) => {
      if (isOver) return;
      isOver = true;
      source.cancel();
      if (error) call.emit('error', error);
      else call.end();
    };
    call.on('data', (request: SotwRequest) =>
      source.write(renamed(request, SERVICE_ENTRY_V1, SERVICE_ENTRY_V1ALPHA3)),
    );
    call.on('end', () => over());
    call.on('cancelled', () => over());
    source.on('data', (response: SotwResponse) => {
      if (!isOver) call.write(renamed(response, SERVICE_ENTRY_V1ALPHA3, SERVICE_ENTRY_V1));
    });
    source.on('error', over);
    source.on('end', () => over());
  }
}

function renamed<T extends { readonly typeUrl: string }>(message: T, from: string, to: string): T {
  return message.typeUrl === from ? { ...message, typeUrl: to } : message;
}
