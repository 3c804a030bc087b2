/** What is none of ours is left exactly as it was: same symbols, listeners, handles and globals as without the preload. */

import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt, ROOT } from '../../support/app';
import {
  APPS,
  agentLines,
  installElsewhere,
  OrdersMesh,
  type RunOptions,
  run,
} from '../../support/front-door';

const PRELOAD = join(ROOT, 'preload.js');
const STATE = join(APPS, 'preload-state.cjs');

describe('preload: guards leave the process as it was', function () {
  this.timeout(60_000);
  let folder = '';
  let bare: unknown;

  before(async () => {
    await ensureBuilt();
    folder = mkdtempSync(join(tmpdir(), 'inmesh-guards-'));
    bare = JSON.parse((await run(process.execPath, [STATE])).stdout);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  async function state(options: RunOptions, script = STATE, args: string[] = []) {
    const { code, stdout, stderr } = await run(process.execPath, [...args, script], options);
    assert.equal(code, 0, stderr);
    return { state: JSON.parse(stdout), stderr };
  }

  it('and an application does look different, so that the comparison means something', async () => {
    assert.notDeepEqual((await state({ preload: PRELOAD })).state, bare);
  });

  for (const [name, value] of [
    ['INMESH', 'off'],
    ['profile.micro.service.envoy.xds.enable', 'false'],
  ] as const) {
    it(`${name}=${value}`, async () => {
      const env = { [name]: value };
      assert.deepEqual(await state({ preload: PRELOAD, env }), { state: bare, stderr: '' });
    });
  }

  for (const name of ['npm-cli.js', 'npx', 'yarn.js', 'pnpm.cjs', 'corepack.js', 'tsc', 'webpack.js']) {
    it(`a script named ${name}`, async () => {
      const tool = join(folder, name);
      cpSync(STATE, tool);
      assert.deepEqual(await state({ preload: PRELOAD }, tool), { state: bare, stderr: '' });
    });
  }

  const runtimes: [string, string, RegExp][] = [
    [
      'an old Node',
      '"node", { value: "16.20.2" }',
      /^inmesh: v\d.*: not supported \(Node\.js 18 or newer is\)/,
    ],
    ['Bun', '"bun", { value: "1.1.0" }', /^inmesh: Bun: not supported/],
    ['Deno', '"deno", { value: "2.0.0" }', /^inmesh: Deno: not supported/],
    ['Electron', '"electron", { value: "30.0.0" }', /^inmesh: Electron: not supported/],
  ];
  for (const [name, property, line] of runtimes) {
    it(`${name}, with a line`, async () => {
      // process.versions is frozen: the whole object is put in its place.
      const pretend = join(folder, `${name.replace(' ', '-')}.cjs`);
      writeFileSync(
        pretend,
        `const versions = Object.defineProperty({ ...process.versions }, ${property});
         Object.defineProperty(process, 'versions', { value: versions });
         require(${JSON.stringify(PRELOAD)});`,
      );
      const found = await state({}, STATE, ['--require', pretend]);
      assert.deepEqual(found.state, bare);
      assert.match(found.stderr, line);
      assert.equal(found.stderr.trim().split('\n').length, 1);
    });
  }

  it('a broken installation, with a line', async () => {
    const broken = join(folder, 'preload.js');
    cpSync(PRELOAD, broken);
    const found = await state({ preload: broken });
    assert.deepEqual(found.state, bare);
    assert.match(
      found.stderr,
      /^inmesh: not started, the application runs without the mesh: .*Cannot find module/,
    );
  });

  it('a second copy: as with the first alone, with a line', async () => {
    const copy = installElsewhere();
    try {
      const env = { INMESH_LOG_FORMAT: 'json' };
      const both = await state({ preload: PRELOAD, env }, STATE, ['--require', copy.preload]);
      assert.deepEqual(both.state, (await state({ preload: PRELOAD, env })).state);
      assert.deepEqual(
        agentLines(both.stderr).map(({ event }) => event),
        ['agent.second-copy'],
      );
    } finally {
      copy.remove();
    }
  });

  it('starts nothing for a process that makes no call', async () => {
    const code =
      'setImmediate(() => console.log(process.getActiveResourcesInfo().filter((n) => !/Pipe|TTY|Immediate/.test(n)).length))';
    const { stdout, stderr } = await run(process.execPath, ['-e', code], { preload: PRELOAD });
    assert.deepEqual([stdout, stderr], ['0\n', '']);
  });
});

describe('preload: settings that are wrong', function () {
  this.timeout(60_000);
  before(ensureBuilt);

  it('give one line each, and the application runs', async () => {
    const env = { INMESH_XDS: 'nonsense', INMESH_HOOKS_OFF: 'htttp', INMESH_LOG_FORMAT: 'json' };
    const { code, stdout, stderr } = await run(process.execPath, ['-p', '1'], { preload: PRELOAD, env });
    assert.deepEqual([code, stdout], [0, '1\n']);
    const lines = agentLines(stderr);
    assert.deepEqual(
      lines.map(({ event }) => event),
      ['settings.wrong', 'settings.wrong'],
    );
    assert.match(
      String(lines[0]!['msg']),
      /^INMESH_XDS="nonsense" is not grpcs:\/\/host:port .* default .* is used\.$/,
    );
    assert.match(String(lines[1]!['msg']), /^There is no hook "htttp"/);
  });

  it('are silent with INMESH_LOG=off', async () => {
    const env = { INMESH_XDS: 'nonsense', INMESH_LOG: 'off' };
    assert.equal((await run(process.execPath, ['-p', '1'], { preload: PRELOAD, env })).stderr, '');
  });
});

describe('preload: what switches calls off', function () {
  this.timeout(60_000);
  let mesh: OrdersMesh;
  before(async () => {
    await ensureBuilt();
    mesh = await OrdersMesh.start();
  });
  after(() => mesh.stop());

  const call = (env: Record<string, string>, preload = PRELOAD, args: string[] = []) =>
    run(process.execPath, [...args, join(APPS, 'preload-call.cjs'), OrdersMesh.url], {
      preload,
      env: { ...mesh.env, ...env },
    });

  it('INMESH_HOOKS_OFF=http: calls are the application’s own', async () => {
    const { code, stdout } = await call({ INMESH_HOOKS_OFF: 'http' });
    assert.equal(code, 7);
    assert.match(stdout, /ENOTFOUND|EAI_AGAIN/);
  });

  it('INMESH_HOOKS=express: calls are the application’s own', async () => {
    assert.equal((await call({ INMESH_HOOKS: 'express' })).code, 7);
  });

  it('a control plane that cannot be reached: the call passes through', async () => {
    assert.equal((await call({ INMESH_XDS: 'grpc://127.0.0.1:1' })).code, 7);
  });

  it('an installation without its other files: the call passes through, with one line', async () => {
    const copy = installElsewhere();
    rmSync(join(copy.preload, '..', 'dist', 'agent.js'));
    const { code, stderr } = await call({}, copy.preload);
    copy.remove();
    assert.equal(code, 7);
    assert.deepEqual(
      agentLines(stderr).map(({ event }) => event),
      ['agent.failed'],
    );
  });

  it('a closed standard error: the call is routed all the same', async () => {
    const script = `exec 2>&-; exec "${process.execPath}" "${join(APPS, 'preload-call.cjs')}" ${OrdersMesh.url}`;
    const { code, stdout } = await run('/bin/sh', ['-c', script], { preload: PRELOAD, env: mesh.env });
    assert.deepEqual([code, stdout], [0, '200 orders /\n']);
  });

  describe('a sidecar', () => {
    const beside = async (env: Record<string, string> = {}) => {
      const { createServer } = await import('node:http');
      const admin = createServer((_request, response) => response.setHeader('server', 'envoy').end('{}'));
      await new Promise<void>((resolve) => admin.listen(0, '127.0.0.1', resolve));
      const port = String((admin.address() as { port: number }).port);
      const redirect = ['--require', join(APPS, 'preload-redirect.cjs')];
      try {
        return await call({ SIDECAR_PORT: port, ...env }, PRELOAD, redirect);
      } finally {
        admin.close();
      }
    };

    it('keeps the agent off, with one line', async () => {
      const { code, stderr } = await beside();
      assert.equal(code, 7);
      const lines = agentLines(stderr);
      assert.deepEqual(
        lines.map(({ event }) => event),
        ['agent.sidecar'],
      );
      assert.match(String(lines[0]!['msg']), /INMESH_BESIDE_SIDECAR=on overrides/);
    });

    it('is ignored with INMESH_BESIDE_SIDECAR=on', async () => {
      assert.equal((await beside({ INMESH_BESIDE_SIDECAR: 'on' })).code, 0);
    });
  });
});
