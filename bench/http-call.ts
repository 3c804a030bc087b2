/**
 * CPU per client request: bare, managed by the mesh, and the wrapper of a call that is not ours. Each round runs a child
 * per variant, interleaved; the minimum of all rounds counts. `node --require tsx/cjs bench/http-call.ts [version…]`.
 */

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { NODE_VERSIONS, nodeBinary, preloadFile } from '../test/support/http-child';

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 7);
const CLIENT = join(__dirname, 'http-call-client.js');
const SERVER = join(__dirname, 'http-call-server.js');

interface Sample {
  readonly usPerRequest: number;
  readonly nsPerWrapper?: number;
}

async function main(): Promise<void> {
  const server = spawn(process.execPath, [SERVER], { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = Number(
    await new Promise<string>((resolve) => server.stdout.once('data', (data) => resolve(String(data)))),
  );
  try {
    const wanted = process.argv.slice(2);
    for (const version of wanted.length > 0 ? wanted : NODE_VERSIONS) {
      const node = nodeBinary(version);
      if (node === undefined) continue;
      const best = {
        bare: Number.POSITIVE_INFINITY,
        managed: Number.POSITIVE_INFINITY,
        wrapper: Number.POSITIVE_INFINITY,
      };
      for (let round = 0; round < ROUNDS; round++) {
        best.bare = Math.min(best.bare, (await client(node, port, false)).usPerRequest);
        const managed = await client(node, port, true);
        best.managed = Math.min(best.managed, managed.usPerRequest);
      }
      best.wrapper = (await client(node, port, true, true)).nsPerWrapper!;
      const more = best.managed - best.bare;
      process.stdout.write(
        `Node ${version}: bare ${best.bare.toFixed(1)} µs, managed ${best.managed.toFixed(1)} µs ` +
          `(${more >= 0 ? '+' : ''}${more.toFixed(1)} µs, ${((more / best.bare) * 100).toFixed(1)} %), ` +
          `wrapper of a call not ours ${best.wrapper.toFixed(0)} ns\n`,
      );
    }
  } finally {
    server.kill();
  }
}

function client(node: string, port: number, managed: boolean, wrapper = false): Promise<Sample> {
  const service = {
    host: 'svc.test',
    port: 80,
    endpoints: [port],
    retryOn: ['connect-failure', 'refused-stream'],
  };
  const env: NodeJS.ProcessEnv = { ...process.env, NODE_OPTIONS: '' };
  env['TARGET'] = managed ? 'svc.test:80' : `127.0.0.1:${port}`;
  if (managed) env['INMESH_TEST_MESH'] = JSON.stringify({ services: [service] });
  const args = managed ? ['--require', preloadFile(), CLIENT] : [CLIENT];
  if (wrapper) {
    env['WRAPPER'] = '1';
    args.unshift('--require', join(__dirname, 'http-call-noop.js'));
  }
  const child = spawn(node, args, { env, stdio: ['ignore', 'pipe', 'ignore'] });
  let text = '';
  child.stdout.on('data', (data) => {
    text += data;
  });
  return new Promise((resolve) => child.on('close', () => resolve(JSON.parse(text) as Sample)));
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
});
