/** The gRPC side: plaintext aggregated discovery, as on istiod's port 15010. */

import {
  type handleBidiStreamingCall,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  status,
} from '@grpc/grpc-js';
import type { Log } from '../../observe';
import {
  aggregatedDiscoveryService,
  type DeltaRequest,
  type DeltaResponse,
  type SotwRequest,
  type SotwResponse,
} from '../../xds';
import { DeltaStream } from './delta-stream';
import type { Publication, Subscriber } from './publication';
import { SotwStream } from './sotw-stream';
import type { StreamEvents } from './stream';

export interface DiscoveryServer {
  /** `host:port`, with the real port when 0 was asked for. */
  readonly address: string;
  stop(): Promise<void>;
}

export async function startServer(
  publication: Publication,
  host: string,
  port: number,
  log: Log,
): Promise<DiscoveryServer> {
  const server = new Server({ 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 });
  let streams = 0;
  const follow = <Q, R>(
    call: ServerDuplexStream<Q, R>,
    open: (events: StreamEvents, send: (response: R) => void) => Subscriber & { receive(request: Q): void },
  ) => {
    const stream = open(streamLog(log, ++streams), (response) => call.write(response));
    const leave = publication.subscribe(stream);
    const end = () => {
      leave();
      call.end();
    };
    call.on('data', (request: Q) => {
      try {
        stream.receive(request);
      } catch (error) {
        leave();
        const details = error instanceof Error ? error.message : String(error);
        log.line(
          'warn',
          'dev.stream.refused',
          `a client's stream was ended: ${details}`,
          { details },
          details,
        );
        call.emit('error', { code: status.INVALID_ARGUMENT, details });
      }
    });
    call.on('end', end);
    call.on('error', leave);
    call.on('cancelled', leave);
  };
  const delta: handleBidiStreamingCall<DeltaRequest, DeltaResponse> = (call) =>
    follow(call, (events, send) => new DeltaStream(publication, events, send));
  const sotw: handleBidiStreamingCall<SotwRequest, SotwResponse> = (call) =>
    follow(call, (events, send) => new SotwStream(publication, events, send));
  server.addService(aggregatedDiscoveryService, {
    DeltaAggregatedResources: delta,
    StreamAggregatedResources: sotw,
  });
  const bound = await bind(server, host, port);
  return {
    address: joinHostPort(host, bound),
    stop: async () => {
      server.forceShutdown();
    },
  };
}

function bind(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(joinHostPort(host, port), ServerCredentials.createInsecure(), (error, bound) => {
      if (error) reject(new Error(`cannot listen on ${joinHostPort(host, port)}: ${reasonOf(error)}`));
      else resolve(bound);
    });
  });
}

/** The system's own words, which grpc-js puts in brackets. */
function reasonOf({ message }: Error): string {
  return /\[(.+)\]$/.exec(message)?.[1] ?? message;
}

function joinHostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function streamLog(log: Log, number: number): StreamEvents {
  let id = '';
  const short = (typeUrl: string) => typeUrl.slice(typeUrl.lastIndexOf('.') + 1);
  return {
    connected(nodeId, { namespace }) {
      id = nodeId;
      log.line(
        'info',
        'dev.client.connected',
        `client ${id} connected`,
        { node: id, namespace },
        `${number}`,
      );
    },
    sent(typeUrl, resources, removed) {
      const text = `${resources} ${short(typeUrl)} sent, ${removed} removed, to ${id}`;
      log.line(
        'debug',
        'dev.sent',
        text,
        { node: id, type: typeUrl, resources, removed },
        `${number}${typeUrl}`,
      );
    },
    accepted(typeUrl) {
      log.line(
        'debug',
        'dev.ack',
        `${id} took ${short(typeUrl)}`,
        { node: id, type: typeUrl },
        `${number}${typeUrl}`,
      );
    },
    refused(typeUrl, reason) {
      const text = `${id} refused ${short(typeUrl)}: ${reason}`;
      log.line('warn', 'dev.nack', text, { node: id, type: typeUrl, reason }, `${number}${reason}`);
    },
  };
}
