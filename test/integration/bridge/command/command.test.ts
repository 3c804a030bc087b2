/** `inmesh bridge` as a program, over a Eureka server of this process. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { Adsc } from '../../../support/bridge/adsc';
import { inmesh } from '../../../support/inmesh-command';

const ROOT = join(__dirname, '..', '..', '..', '..');

interface Instance {
  readonly app: string;
  readonly port: number;
}

/** Eureka's answer to a full fetch; the only question that is asked with `delta: false`. */
class Eureka {
  instances: readonly Instance[] = [];
  status = 200;
  private readonly server: Server = createServer((_request, response) => {
    const apps = [...new Set(this.instances.map(({ app }) => app))];
    const application = apps.map((app) => ({
      name: app.toUpperCase(),
      instance: this.instances
        .filter((each) => each.app === app)
        .map(({ port }) => ({
          instanceId: `127.0.0.1:${app}:${port}`,
          app: app.toUpperCase(),
          ipAddr: '127.0.0.1',
          hostName: 'localhost',
          status: 'UP',
          overriddenStatus: 'UNKNOWN',
          port: { $: port, '@enabled': 'true' },
          securePort: { $: 443, '@enabled': 'false' },
          metadata: {},
          vipAddress: app,
        })),
    }));
    const body = {
      applications: { versions__delta: '1', apps__hashcode: `UP_${this.instances.length}_`, application },
    };
    response.writeHead(this.status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/eureka`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

describe('bridge: the command', function () {
  this.timeout(180_000);
  const eureka = new Eureka();
  const cleanUps: (() => unknown)[] = [];
  let folder: string;
  before(() => eureka.start());
  after(() => eureka.stop());
  beforeEach(async () => {
    eureka.status = 200;
    eureka.instances = [{ app: 'orders', port: 18_080 }];
    folder = await mkdtemp(join(tmpdir(), 'inmesh-bridge-'));
    cleanUps.push(() => rm(folder, { recursive: true, force: true }));
  });
  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  });

  async function config(more = '', source = ''): Promise<string> {
    const file = join(folder, 'bridge.yaml');
    await writeFile(
      file,
      `
mcp: { listen: "127.0.0.1:0" }
admin: { listen: "127.0.0.1:0" }
log: { format: json }
${more}
sources:
  - { name: eureka, type: eureka, servers: ["${eureka.url}"], delta: false, pollIntervalMs: 50, syncTimeoutMs: 3000 ${source} }
`,
    );
    return file;
  }

  const bridge = (...args: string[]) => inmesh(['bridge', ...args], { LAB_PASSWORD: 'geheim' });

  it('--check explains what a configuration does, and what stands in its way', async () => {
    const good = await bridge('--config', await config(), '--check');
    assert.equal(good.code, 0, good.err);
    for (const sentence of [
      /is in order/,
      /source eureka: eureka at http/,
      /k8s:\/\//,
      /ISTIO_META_DNS_CAPTURE/,
    ])
      assert.match(good.out, sentence);
    const file = await config('', ', username: u, passwordFile: /nowhere/password');
    const bad = await bridge('--config', file, '--check');
    assert.equal(bad.code, 1);
    assert.match(bad.err, /source eureka: passwordFile \/nowhere\/password cannot be read: ENOENT/);
  });

  it('every kind of wrong configuration is exit code 2 and one sentence each', async () => {
    const file = join(folder, 'wrong.yaml');
    await writeFile(
      file,
      'mcp: { lisen: x }\nsources: [{ name: a, type: nacos, servers: [x], listIntervalMs: 1 }]\n',
    );
    const { code, err, out } = await bridge('--config', file);
    assert.equal(code, 2);
    assert.equal(out, '');
    assert.deepEqual(err.trim().split('\n'), [
      `inmesh: ${file}:1:8: mcp.lisen: is no key of the configuration; did you mean "listen"?`,
      `inmesh: ${file}:2:65: sources[0].listIntervalMs: must be >= 100, is 1`,
    ]);
    const missing = await bridge('--config', join(folder, 'none.yaml'));
    assert.equal(missing.code, 2);
    assert.match(missing.err, /^inmesh: .*none\.yaml: cannot be read: there is no such file \(ENOENT\)\n$/);
    const without = await bridge();
    assert.match(without.err, /^inmesh: bridge needs --config <file>/);
  });

  it('--schema prints a JSON schema', async () => {
    const { out, code } = await bridge('--schema');
    assert.equal(code, 0);
    const schema = JSON.parse(out);
    assert.equal(schema.properties.sources.items.anyOf.length, 4);
    assert.equal(schema.properties.mcp.properties.listen.type, 'string');
  });

  it('--once prints what would be served as Istio YAML, and ends', async () => {
    const { out, code, err } = await bridge('--config', await config(), '--once');
    assert.equal(code, 0, err);
    const [entry] = parseAllDocuments(out).map((document) => document.toJS());
    assert.equal(entry.kind, 'ServiceEntry');
    assert.deepEqual(entry.spec.hosts, ['orders.eureka']);
    assert.deepEqual(entry.spec.endpoints[0].ports, { http: 18_080 });
    eureka.status = 401;
    const refused = await bridge('--config', await config(), '--once');
    assert.equal(refused.code, 1);
    assert.match(refused.err, /^inmesh: source eureka could not be read: .*401/m);
  });

  it('probe dials every address and lists the unreachable; migration says where instances are', async () => {
    const open = createTcpServer();
    await new Promise<void>((resolve) => open.listen(0, '127.0.0.1', resolve));
    const shut = createTcpServer();
    await new Promise<void>((resolve) => shut.listen(0, '127.0.0.1', resolve));
    const [up, down] = [open, shut].map((server) => (server.address() as AddressInfo).port);
    await new Promise((resolve) => shut.close(resolve));
    cleanUps.push(() => new Promise((resolve) => open.close(resolve)));
    eureka.instances = [
      { app: 'orders', port: up! },
      { app: 'orders', port: down! },
    ];
    const { out, code } = await bridge('probe', '--config', await config());
    assert.equal(code, 1);
    assert.equal(out, `127.0.0.1:${down}  ECONNREFUSED  orders.eureka\n2 dialled, 1 unreachable\n`);
    eureka.instances = [{ app: 'orders', port: up! }];
    const fine = await bridge('probe', '--json', '--config', await config());
    assert.deepEqual([fine.code, JSON.parse(fine.out)], [0, { dialled: 1, unreachable: [] }]);
    const origins = await bridge('migration', '--config', await config());
    assert.match(origins.out, /^orders\.eureka +1 +0 +0 +0 +0 {2}eureka\/ORDERS$/m);
    assert.match(origins.out, /\n1 host: 1 outside the mesh only, 0 on both sides, 0 inside only\n$/);
  });

  it('serves until SIGTERM, follows its file, and ends cleanly with the snapshot written', async () => {
    const snapshot = join(folder, 'state.json');
    const file = await config(`snapshot: { file: ${JSON.stringify(snapshot)}, debounceMs: 60000 }`);
    const running = await run(file);
    const client = new Adsc(running.ready.mcp);
    cleanUps.push(() => client.close());
    await client.until('orders', () => client.hosts.includes('orders.eureka'));
    eureka.instances = [...eureka.instances, { app: 'stock', port: 1 }];
    await client.until('stock', () => client.hosts.includes('stock.eureka'));
    const health = await fetch(`http://${running.ready.admin}/readyz`);
    assert.equal(health.status, 200);
    const text = await readFile(file, 'utf8');
    await writeFile(
      file,
      text.replace('pollIntervalMs: 50', 'pollIntervalMs: 50, convert: { hostTemplate: "{service}.legacy" }'),
    );
    running.child.kill('SIGHUP');
    await client.until('the new host', () => client.hosts.includes('orders.legacy'));
    running.child.kill('SIGTERM');
    const [code] = await running.ended;
    assert.equal(code, 0, running.err());
    await client.until('end of the stream', () => client.ended !== undefined);
    assert.match(await readFile(snapshot, 'utf8'), /"name":"eureka","services":\[\{.*\]\n?.*\n\{"sha256"/s);
    const events = running
      .err()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).event);
    assert.ok(events.includes('source.up') && events.includes('config.applied'), events.join());
    assert.ok(events.filter((event) => event === 'bridge.changed').length >= 2);
    assert.ok(events.length < 25, `no line for a poll: ${events.join()}`);
  });

  interface Running {
    readonly child: ChildProcess;
    readonly ready: { readonly mcp: string; readonly admin: string };
    readonly ended: Promise<unknown[]>;
    err(): string;
  }

  async function run(file: string): Promise<Running> {
    const tsx = join(ROOT, 'node_modules/tsx/dist/cjs/index.cjs');
    const main = join(ROOT, 'src', 'cli', 'main.ts');
    const child = spawn(process.execPath, ['--require', tsx, main, 'bridge', '--config', file], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended = once(child, 'exit');
    cleanUps.push(async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await ended;
    });
    let err = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text;
    });
    let out = '';
    const line = await new Promise<string>((resolve, reject) => {
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        out += text;
        if (out.includes('\n')) resolve(out.slice(0, out.indexOf('\n')));
      });
      child.once('exit', (code) => reject(new Error(`ended with ${code}: ${err}`)));
    });
    return { child, ready: JSON.parse(line), ended, err: () => err };
  }
});
