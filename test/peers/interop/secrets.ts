/** What Istio's agent is to an Envoy: the workload's certificate and the mesh's root, by SDS. */

import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import { all, bytesField, message } from '../../conformance/bed/wire';
import { Authority } from '../../support/certificates';

const SECRET_TYPE = 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret';
const REQUEST = { names: 3, nonce: 5 };
const RESPONSE = { version: 1, resources: 2, typeUrl: 4, nonce: 5 };
const SECRET = { name: 1, certificate: 2, validation: 4 };
const INLINE_BYTES = 2;
const raw = (bytes: Buffer) => bytes;

const service = {
  StreamSecrets: {
    path: '/envoy.service.secret.v3.SecretDiscoveryService/StreamSecrets',
    requestStream: true,
    responseStream: true,
    requestSerialize: raw,
    requestDeserialize: raw,
    responseSerialize: raw,
    responseDeserialize: raw,
  },
};

export class Secrets {
  readonly #authority = new Authority();
  readonly #workload = this.#authority.issue('workload', {
    uris: ['spiffe://cluster.local/ns/default/sa/default'],
  });
  readonly #server = new Server();
  port = 0;

  /** Of the mesh, PEM. */
  get root(): string {
    return this.#authority.root.toString();
  }

  /** Of the workload, PEM. */
  get certificate(): { readonly chain: string; readonly key: string } {
    const { cert, key } = this.#workload;
    return { chain: cert.toString(), key: key.toString() };
  }

  async start(): Promise<this> {
    this.#server.addService(service, {
      StreamSecrets: (call: ServerDuplexStream<Buffer, Buffer>) => {
        call.on('data', (request: Buffer) => {
          // A request with a nonce acknowledges; secrets do not change here.
          if (all(request, REQUEST.nonce).length === 0) call.write(this.#answer(request));
        });
        call.on('end', () => call.end());
      },
    });
    this.port = await new Promise<number>((resolve, reject) => {
      this.#server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
        error === null ? resolve(port) : reject(error),
      );
    });
    return this;
  }

  stop(): void {
    this.#server.forceShutdown();
  }

  #answer(request: Buffer): Buffer {
    const names = all(request, REQUEST.names).map((name) => Buffer.from(name).toString());
    const secrets = names.map((name) =>
      message(bytesField(1, SECRET_TYPE), bytesField(2, this.#secret(name))),
    );
    return message(
      bytesField(RESPONSE.version, '1'),
      ...secrets.map((secret) => bytesField(RESPONSE.resources, secret)),
      bytesField(RESPONSE.typeUrl, SECRET_TYPE),
      bytesField(RESPONSE.nonce, '1'),
    );
  }

  #secret(name: string): Buffer {
    const inline = (bytes: Buffer) => bytesField(INLINE_BYTES, bytes);
    const { cert, key } = this.#workload;
    const content =
      name === 'ROOTCA'
        ? bytesField(SECRET.validation, bytesField(1, inline(this.#authority.root)))
        : bytesField(SECRET.certificate, message(bytesField(1, inline(cert)), bytesField(2, inline(key))));
    return message(bytesField(SECRET.name, name), content);
  }
}
