/** Providers that answer wrongly, slowly or not at all when they are asked for their services. */
import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { Server as GrpcServer, ServerCredentials, status } from '@grpc/grpc-js';
import { DecoderV2, EncoderV2 } from 'hessian.js';
import { type ApplicationInstance, askMetadataService, readRevision } from '../../../../src/bridge/dubbo';
import { recordedMetadata } from './recorded-metadata';

const METHOD = '/org.apache.dubbo.metadata.MetadataServiceV2/GetMetadataInfo';

function instance(protocol: string, port: number): ApplicationInstance {
  return {
    id: 'i',
    application: 'shop',
    address: '127.0.0.1',
    port,
    endpoints: [],
    revision: 'r1',
    metadataService: { protocol, port, version: '1.0.0' },
    metadata: {},
    healthy: true,
    enabled: true,
  };
}

/** A frame as Dubbo's: flags, status, body. */
function frame(flags: number, state: number, body: Buffer): Buffer {
  const header = Buffer.alloc(16);
  header.writeUInt16BE(0xdabb, 0);
  header.writeUInt8(flags, 2);
  header.writeUInt8(state, 3);
  header.writeBigUInt64BE(1n, 4);
  header.writeUInt32BE(body.length, 12);
  return Buffer.concat([header, body]);
}

function hessian(...values: unknown[]): Buffer {
  const encoder = new EncoderV2();
  for (const value of values) encoder.write(value);
  return encoder.get();
}

const INFO = { app: 'shop', revision: 'r1', services: { s: { name: 'a.B', protocol: 'dubbo', port: 1 } } };

describe('asking a provider that speaks dubbo', function () {
  this.timeout(60_000);
  let server: Server | undefined;
  const servers: Server[] = [];
  const sockets = new Set<Socket>();

  async function ask(answer: (socket: Socket, request: Buffer) => void, timeoutMs = 30_000) {
    server = createServer((socket) => {
      sockets.add(socket);
      // A caller that gives up resets the connection.
      socket.on('error', () => socket.destroy());
      socket.once('data', (request) => answer(socket, request));
    });
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return askMetadataService(instance('dubbo', (server.address() as AddressInfo).port), timeoutMs);
  }

  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    for (const each of servers.splice(0)) each.close();
    server = undefined;
  });

  it('sends one request that names the service, the application as its group, and the revision', async () => {
    let read: unknown[] = [];
    const info = await ask((socket, request) => {
      assert.equal(request.readUInt16BE(0), 0xdabb);
      assert.equal(request.readUInt8(2), 0xc2);
      assert.equal(request.readUInt32BE(12), request.length - 16);
      const decoder = new DecoderV2(request.subarray(16));
      read = Array.from({ length: 7 }, () => decoder.read());
      socket.write(frame(0x02, 20, hessian(1, INFO)));
    });
    const service = 'org.apache.dubbo.metadata.MetadataService';
    const attachments = { path: service, interface: service, version: '1.0.0', group: 'shop' };
    assert.deepEqual(read, [
      '2.0.2',
      service,
      '1.0.0',
      'getMetadataInfo',
      'Ljava/lang/String;',
      'r1',
      attachments,
    ]);
    const revision = readRevision(info);
    assert.equal(typeof revision === 'string' ? revision : revision.services.length, 1);
  });

  it('takes an answer in pieces, after a heartbeat', async () => {
    const bytes = Buffer.concat([frame(0xe2, 20, hessian(null)), frame(0x02, 20, hessian(4, INFO))]);
    const info = await ask((socket) => {
      const send = (at: number) => {
        if (at < bytes.length) socket.write(bytes.subarray(at, at + 5), () => send(at + 5));
      };
      send(0);
    });
    assert.equal(info.app, 'shop');
  });

  for (const [name, said, answer] of [
    ['null', /does not know the revision/, frame(0x02, 20, hessian(2))],
    ['null with attachments', /does not know the revision/, frame(0x02, 20, hessian(5, {}))],
    ['an error', /refuses: no such service/, frame(0x02, 40, hessian('no such service\nat somewhere'))],
    ['an exception', /refuses: /, frame(0x02, 20, hessian(0, { message: 'boom' }))],
    ['garbage', /cannot be read/, frame(0x02, 20, Buffer.from([0x91, 0x43, 0xff, 0xff, 0x01]))],
    [
      'another protocol',
      /does not speak the dubbo protocol/,
      Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'),
    ],
    [
      'a huge length',
      /announces an answer of 4294967295 bytes/,
      Buffer.from('dabb02140000000000000001ffffffff', 'hex'),
    ],
  ] as const)
    it(`${name} is a reason`, () =>
      assert.rejects(
        ask((socket) => void socket.write(answer)),
        said,
      ));

  it('silence, a closed connection and a closed port are reasons', async () => {
    await assert.rejects(
      ask(() => undefined, 100),
      /^Error: its MetadataService at dubbo:\/\/127\.0\.0\.1:\d+ gives no answer$/,
    );
    await assert.rejects(
      ask((socket) => void socket.end()),
      /closed the connection without an answer/,
    );
    const { port } = server!.address() as AddressInfo;
    for (const socket of sockets) socket.destroy();
    server!.close();
    await once(server!, 'close');
    await assert.rejects(
      askMetadataService(instance('dubbo', port), 30_000),
      /cannot be reached: .*ECONNREFUSED/,
    );
  });

  it('another protocol is not understood', () =>
    assert.rejects(askMetadataService(instance('rmi', 1), 1_000), /speaks rmi, which is not understood/));
});

describe('asking a provider that speaks tri', function () {
  this.timeout(60_000);
  let server: GrpcServer | undefined;

  async function serve(
    answer: (revision: Buffer) => Buffer | Error | undefined,
  ): Promise<ApplicationInstance> {
    server = new GrpcServer();
    const bytes = (value: Buffer) => value;
    const method = {
      path: METHOD,
      requestStream: false,
      responseStream: false,
      requestSerialize: bytes,
      requestDeserialize: bytes,
      responseSerialize: bytes,
      responseDeserialize: bytes,
    };
    server.addService(
      { GetMetadataInfo: method },
      {
        GetMetadataInfo: (
          call: { request: Buffer },
          done: (error: object | null, value?: Buffer) => void,
        ) => {
          const value = answer(call.request);
          if (value instanceof Error) done({ code: status.UNKNOWN, details: value.message });
          else if (value) done(null, value);
        },
      },
    );
    const port = await new Promise<number>((resolve, reject) => {
      server!.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      );
    });
    return instance('tri', port);
  }

  afterEach(() => {
    server?.forceShutdown();
    server = undefined;
  });

  it('reads what a real provider was seen to answer', async () => {
    let asked = '';
    const found = await serve((request) => {
      asked = request.toString('hex');
      return recordedMetadata();
    });
    const revision = readRevision(await askMetadataService(found, 30_000));
    assert.equal(asked, `0a02${Buffer.from('r1').toString('hex')}`);
    if (typeof revision === 'string') throw new Error(revision);
    assert.equal(revision.revision, '5c9ec632bc0192f277a968a4bdd79229');
    assert.deepEqual(
      revision.services
        .map(
          ({ protocol, port, group, interface: name, version }) =>
            `${protocol}:${port} ${group}/${name}:${version}`,
        )
        .sort(),
      [
        'dubbo:20881 /demo.StockService:',
        'dubbo:20881 g1/demo.GreetingService:1.0.0',
        'tri:50081 /demo.StockService:',
        'tri:50081 g1/demo.GreetingService:1.0.0',
      ],
    );
  });

  it('a refusal, garbage and silence are reasons', async () => {
    const refusing = await serve(() => new Error('No metadata for revision'));
    await assert.rejects(askMetadataService(refusing, 30_000), /refuses: No metadata for revision/);
    server!.forceShutdown();
    const garbled = await serve(() => Buffer.from('ffffffff', 'hex'));
    await assert.rejects(
      askMetadataService(garbled, 30_000),
      /its MetadataService at tri:\/\/127\.0\.0\.1:\d+ refuses/,
    );
    server!.forceShutdown();
    const silent = await serve(() => undefined);
    await assert.rejects(askMetadataService(silent, 200), /gives no answer/);
    server!.forceShutdown();
    await assert.rejects(askMetadataService(silent, 5_000), /cannot be reached|gives no answer/);
  });
});
