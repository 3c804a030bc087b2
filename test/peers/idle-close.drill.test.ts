/** Backends that close idle connections after a second, under sparse traffic that meets the moment of closing. */
import { strict as assert } from 'node:assert';
import { setTimeout as pause } from 'node:timers/promises';
import { type Istiod, istiodBinary, startIstiod } from '../../lab';
import { Backend } from '../support/backend';
import { Caller, type CallOptions, type CallResult } from '../support/caller';
import { serviceEntry, yaml } from '../support/mesh-yaml';
import { drill, peer } from '../support/peer';
import { seededRandom } from '../support/seeded-random';

const IDLE_MS = 1000;
const DURATION_MS = drill({ short: 30_000, full: 600_000 });
const CLIENTS = 12;
/** Pauses between a client's calls, around the backends' idle time. */
const PAUSE_MS = { least: 900, most: 1150 };

describe('backends close idle connections after 1 s', function () {
  this.timeout(DURATION_MS + 60_000);
  let istiod: Istiod;
  let announcing: Backend;
  let silent: Backend;
  let caller: Caller;
  let connections = 0;

  before(async function () {
    peer(this, await istiodBinary());
    announcing = await startBackend();
    announcing.server.keepAliveTimeout = IDLE_MS;
    // No `Keep-Alive: timeout` in its answers: the client cannot know when it closes.
    silent = await startBackend({ connection: 'keep-alive' });
    silent.server.keepAliveTimeout = IDLE_MS;
    const files = {
      'services.yaml': yaml(
        serviceEntry({ name: 'announcing', endpoints: [{ address: '127.0.0.1', port: announcing.port }] }),
        serviceEntry({ name: 'silent', endpoints: [{ address: '127.0.0.1', port: silent.port }] }),
      ),
    };
    istiod = peer(this, await startIstiod({ files }));
    caller = await Caller.start({ env: { INMESH_XDS: `grpc://${istiod.xdsAddress}` } });
  });

  after(async () => {
    await caller?.stop();
    await istiod?.stop();
    await announcing?.stop();
    await silent?.stop();
  });

  async function startBackend(headers: Readonly<Record<string, string>> = {}): Promise<Backend> {
    const backend = await Backend.start((request, response) => {
      request.resume();
      response.writeHead(200, headers).end('ok');
    });
    backend.server.on('connection', () => connections++);
    return backend;
  }

  it(`${DURATION_MS / 1000} s of sparse traffic without a failure`, async () => {
    const random = seededRandom(10);
    const end = performance.now() + DURATION_MS;
    const results: CallResult[] = [];
    const client = async (url: string, options: CallOptions) => {
      while (performance.now() < end) {
        results.push(await caller.call(url, options));
        await pause(PAUSE_MS.least + random() * (PAUSE_MS.most - PAUSE_MS.least));
      }
    };
    const post = { method: 'POST', body: 'a body' };
    const clients = Array.from({ length: CLIENTS }, (_unused, i) => {
      if (i % 3 === 0) return client('http://silent/', {});
      return client('http://announcing/', i % 3 === 1 ? post : {});
    });
    await Promise.all(clients);
    const failed = results.filter(({ status }) => status !== 200);
    console.log(`    ${results.length} calls over ${connections} connections, ${failed.length} failed`);
    assert.deepEqual(failed, []);
  });
});
