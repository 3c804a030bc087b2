import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AdsServer, clusterName, mesh } from '../../support/ads-server';
import { bundled } from '../../support/bundle';
import { controlPlaneForEach, linkSettings, linkWorkerFile, runLink } from '../../support/link-harness';

const REVIEWS = 'reviews.shop.svc.cluster.local';

/** A process with a link: prints what it hears, does what its argument says. */
const SOURCE = `
import cluster from 'node:cluster';
import { createLink } from './src/link';
const { settings, workerFile, mode } = JSON.parse(process.argv[2]);
const say = (...words) => process.stdout.write(words.join(' ') + '\\n');
const run = () => {
  const link = createLink({ settings, workerFile, log: { line: (level, event, message) => say('log', event, message) } });
  const hold = mode === 'exit' ? undefined : setTimeout(() => undefined, 20_000);
  link.listen({
    onState: (state) => { say('state', state); if (state === 'down' && mode === 'until-down') clearTimeout(hold); },
    onClusterPorts: () => undefined, onPortIndex: () => undefined, onClusters: () => undefined,
    onHost: (scheme, port, host, service) => { say('host', host, service && service.kind); clearTimeout(hold); cluster.worker?.disconnect(); },
  });
  link.start();
  link.ask('http', 80, 'reviews');
};
if (mode === 'cluster' && cluster.isPrimary) {
  cluster.setupPrimary({ args: process.argv.slice(2) });
  for (let i = 0; i < 2; i++) cluster.fork().once('exit', (code) => say('child', code));
} else run();
`;

describe('link: the worker thread', () => {
  let server: AdsServer;
  let folder: string;
  let file: string;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'inmesh-life-'));
    file = await bundled('link-process', SOURCE);
  });
  controlPlaneForEach((started) => {
    server = started;
    server.set(mesh([{ host: REVIEWS, endpoints: [['127.0.0.1', 9081]] }]));
  });
  after(() => rmSync(folder, { recursive: true }));

  /** Runs the process to its end. */
  async function run(
    mode: string,
    more: { argv?: string[]; env?: NodeJS.ProcessEnv; workerFile?: string } = {},
  ) {
    const workerFile = more.workerFile ?? (await linkWorkerFile());
    const argument = JSON.stringify({ settings: linkSettings(server.address), workerFile, mode });
    const env = { ...process.env, NODE_OPTIONS: '', ...more.env };
    const child = spawn(process.execPath, [...(more.argv ?? []), file, argument], { env });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    const from = Date.now();
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    return { code, output, ms: Date.now() - from };
  }

  it('does not keep a finished process alive, before and after its first answer', async () => {
    const early = await run('exit');
    assert.deepEqual([early.code, early.ms < 5_000], [0, true], early.output);
    const answered = await run('until-answer');
    assert.equal(answered.code, 0);
    assert.match(answered.output, /^host reviews http$/m);
    assert.ok(answered.ms < 5_000, `${answered.ms} ms`);
  });

  it('runs neither NODE_OPTIONS nor --require of the application again', async () => {
    const marker = join(folder, 'marker.js');
    writeFileSync(marker, "require('fs').writeSync(1, 'preloaded\\n');");
    const byOption = await run('until-answer', { env: { NODE_OPTIONS: `--require ${marker}` } });
    const byArgument = await run('until-answer', { argv: ['--require', marker] });
    for (const { output, code } of [byOption, byArgument]) {
      assert.equal(code, 0, output);
      assert.equal(output.match(/preloaded/g)?.length, 1, output);
    }
  });

  it('each child of node:cluster is a node of its own', async () => {
    const { output } = await run('cluster');
    assert.equal(output.match(/^child 0$/gm)?.length, 2, output);
    const ids = server.streams.map(({ node }) => node?.id.split('~')[2]);
    assert.equal(new Set(ids).size, 2);
    for (const id of ids) assert.match(id!, /^web-1-\d+\.shop$/);
  });

  it('no worker possible: one line, feed down, and the process goes on', async () => {
    const major = Number(process.versions.node.split('.')[0]);
    const permission = major >= 24 ? '--permission' : '--experimental-permission';
    const { code, output } = await run('until-down', {
      argv: major >= 20 ? [permission, '--allow-fs-read=*'] : [],
      ...(major < 20 ? { workerFile: 'not-absolute' } : {}),
    });
    assert.equal(code, 0, output);
    assert.match(output, /^state down$/m);
    assert.equal(output.match(/^log link\.no-worker .*agent is off/gm)?.length, 1, output);
  });

  it('a worker that dies is reported and started again; views stay; what is no longer needed goes', async () => {
    const bad = join(folder, 'crashing.js');
    const order = join(folder, 'crash');
    const good = await linkWorkerFile();
    // Works until it is told to die of an uncaught error; the next one lives.
    writeFileSync(
      bad,
      `const fs = require('fs');
       const look = () => { if (fs.existsSync(${JSON.stringify(order)})) { fs.rmSync(${JSON.stringify(order)}); throw new Error('boom'); } };
       setInterval(look, 20);
       require(${JSON.stringify(good)});`,
    );
    const { link, feed, log } = await runLink(linkSettings(server.address), bad);
    link.ask('http', 80, 'reviews');
    await feed.until('answer', () => feed.hosts.get('http:80:reviews') != null);
    writeFileSync(order, '');
    await feed.until('dead', () => feed.state === 'down');
    assert.equal(feed.hasViews, true);
    assert.match(log.of('link.worker')[0]!.message, /ended \(boom\).*started again/);
    assert.equal(feed.clusters.size, 1);
    server.set(mesh([{ host: 'other.test', endpoints: [['127.0.0.1', 1]] }]));
    await feed.until('told by the new worker', () => feed.hosts.get('http:80:reviews') === null);
    await feed.until('the old cluster goes', () => !feed.clusters.has(clusterName(REVIEWS)));
    assert.equal(feed.state, 'up');
  });

  it('a worker out of memory takes only itself down', async () => {
    const many = Array.from({ length: 20_000 }, (_, i) => ({
      host: `s${i}.shop.svc.cluster.local`,
      endpoints: [['127.0.0.1', 1]] as [string, number][],
    }));
    server.set(mesh(many));
    const { link, feed, log } = await runLink(linkSettings(server.address, { workerMemoryMb: 12 }));
    link.ask('http', 80, 's1');
    await feed.until('dead', () => log.of('link.worker').length > 0, 15_000);
    assert.match(log.of('link.worker')[0]!.message, /memory/);
    assert.equal(feed.state, 'down');
  }).timeout(20_000);

  it('a worker file that is not there is reported, not thrown', async () => {
    const { feed, log } = await runLink(linkSettings(server.address), join(folder, 'nothing.js'));
    await feed.until('reported', () => log.of('link.worker').length > 0 && feed.state === 'down');
    assert.match(log.of('link.worker')[0]!.message, /nothing\.js/);
  });
});
