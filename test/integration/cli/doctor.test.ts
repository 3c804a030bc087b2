/** `inmesh doctor` as a program: a good set-up, and set-ups that are wrong in one way each. */

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Finding } from '../../../src/cli/checks/finding';
import { checkSidecar } from '../../../src/cli/checks/sidecar';
import type { Diagnosis } from '../../../src/cli/doctor';
import { loadSettings } from '../../../src/config';
import { ROOT } from '../../support/app';
import { rule } from '../../support/dev-cases/base';
import { DevScene, inmesh } from '../../support/inmesh-command';

const PRELOAD = join(ROOT, 'preload.js');

describe('inmesh doctor', function () {
  this.timeout(60_000);
  let scene: DevScene;
  let folder: string;
  before(async () => {
    scene = await DevScene.start(
      rule('trafficPolicy: {loadBalancer: {localityLbSetting: {enabled: true}}, tls: {mode: ISTIO_MUTUAL}}'),
    );
    folder = await mkdtemp(join(tmpdir(), 'inmesh doctor '));
  });
  after(async () => {
    await scene.stop();
    await rm(folder, { recursive: true });
  });

  async function diagnosed(env: Record<string, string>, code: number, ...args: string[]): Promise<Diagnosis> {
    const ended = await inmesh(['doctor', '--json', ...args], { ...scene.env, ...env }, { cwd: folder });
    assert.equal(ended.err, '');
    const diagnosis = JSON.parse(ended.out) as Diagnosis;
    assert.equal(ended.code, code, JSON.stringify(wrong(diagnosis)));
    assert.equal(diagnosis.ok, code === 0);
    return diagnosis;
  }
  const wrong = ({ findings }: Diagnosis) => findings.filter(({ status }) => status === 'error');
  const of = ({ findings }: Diagnosis, check: string): Finding[] =>
    findings.filter((finding) => finding.check === check);

  it('a good set-up: every check, what the control plane said, what is not done, and exit code 0', async () => {
    const good = await diagnosed(
      { INMESH_SNAPSHOT_DIR: folder },
      0,
      '--node-options',
      `--require ${PRELOAD}`,
    );
    assert.deepEqual(
      [...new Set(good.findings.map(({ check }) => check))],
      [
        ...['node', 'preload', 'settings', 'identity', 'root', 'token'],
        ...['control-plane', 'sidecar', 'snapshot'],
      ],
    );
    assert.match(
      of(good, 'control-plane')[0]!.text,
      /^grpc:\/\/127\.0\.0\.1:\d+, answered after \d+ ms \(plaintext/,
    );
    assert.match(
      of(good, 'control-plane')[1]!.text,
      /clusters on ports 80 \(\d virtual hosts\), 8080 \(\d virtual hosts\)/,
    );
    assert.match(of(good, 'preload')[0]!.text, /NODE_OPTIONS loads .*preload\.js/);
    assert.equal(of(good, 'preload').at(-1)!.text, 'an empty program starts with it and says nothing');
    assert.equal(good.settings.find(({ name }) => name === 'INMESH_XDS')!.source, 'environment');
    assert.deepEqual(
      good.mesh!.ports.map(({ port }) => port),
      [80, 8080],
    );
    for (const { resources, effect } of good.unsupported) {
      assert.ok(resources.length > 0);
      assert.notEqual(effect, '');
    }
  });

  it('for a person: a line per finding, what to do below it, the settings with their source, the sum last', async () => {
    const { out, code } = await inmesh(['doctor'], { ...scene.env, INMESH_LOG: 'loud' }, { cwd: folder });
    assert.equal(code, 1);
    assert.match(out, /^ok +node +Node\.js v/);
    assert.match(
      out,
      /ERROR +preload +NODE_OPTIONS does not load inmesh.*\n +-> put NODE_OPTIONS="--require .*preload\.js"/,
    );
    assert.match(out, /ERROR +settings +INMESH_LOG="loud" is not one of/);
    assert.match(out, /POD_NAMESPACE +environment +shop\n/);
    assert.match(out, /INMESH_SNAPSHOT_MAX_AGE +default +24h\n/);
    assert.match(out, /Asked for by the control plane, and not done:/);
    assert.match(out, /\n2 errors, 0 warnings\.\n$/);
  });

  it('a control plane that cannot be reached, and one that speaks no TLS', async () => {
    const away = await diagnosed({ INMESH_XDS: 'grpc://127.0.0.1:1' }, 1);
    const [finding] = of(away, 'control-plane');
    assert.match(
      finding!.text,
      /^the control plane grpc:\/\/127\.0\.0\.1:1 cannot be reached \(.*ECONNREFUSED/,
    );
    assert.match(finding!.todo!, /^check INMESH_XDS, that istiod runs/);
    assert.equal(away.mesh, undefined);
    const secure = {
      INMESH_XDS: scene.env.INMESH_XDS.replace('grpc:', 'grpcs:'),
      INMESH_XDS_CA: '',
      INMESH_TOKEN: '',
    };
    const [plain] = of(await diagnosed(secure, 1), 'control-plane');
    assert.equal(plain!.status, 'error');
  });

  it('files that are not there, and a token of another namespace', async () => {
    const missing = await diagnosed(
      {
        INMESH_XDS: 'grpcs://127.0.0.1:1',
        INMESH_XDS_CA: '/nowhere/root.pem',
        INMESH_TOKEN: '/nowhere/token',
      },
      1,
    );
    assert.match(of(missing, 'root')[0]!.text, /\/nowhere\/root\.pem is not there/);
    assert.match(of(missing, 'token')[0]!.text, /\/nowhere\/token is not there/);
    assert.match(
      of(missing, 'control-plane')[0]!.text,
      /root certificate \/nowhere\/root\.pem cannot be read/,
    );
    const claims = { sub: 'system:serviceaccount:other:web', aud: 'istio-ca', exp: 4e9 };
    const file = join(folder, 'token');
    await writeFile(file, `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`);
    const stranger = await diagnosed({ INMESH_XDS: 'grpcs://127.0.0.1:1', INMESH_TOKEN: file }, 1);
    assert.match(of(stranger, 'token')[0]!.text, /of namespace other, the process says shop/);
  });

  it('a sidecar: the agent stays off, unless it is told to stay on', async () => {
    const envoy = createServer((_request, response) => response.setHeader('server', 'envoy').end());
    await new Promise<void>((resolve) => envoy.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = envoy.address() as AddressInfo;
      const addresses = [{ port, path: '/', what: "Envoy's admin server" }];
      const [off] = await checkSidecar(loadSettings({}), addresses);
      assert.deepEqual(
        [off!.status, off!.text],
        ['error', `Envoy's admin server answers at 127.0.0.1:${port}: the agent stays off`],
      );
      const [on] = await checkSidecar(loadSettings({ INMESH_BESIDE_SIDECAR: 'on' }), addresses);
      assert.equal(on!.status, 'warning');
    } finally {
      await new Promise((resolve) => envoy.close(resolve));
    }
  });

  it('the command itself is not in the mesh, although NODE_OPTIONS says so', async () => {
    const env = { ...scene.env, NODE_OPTIONS: `--require ${PRELOAD}` };
    const { out, err, code } = await inmesh(['doctor', '--json'], env, { built: true, cwd: folder });
    assert.equal(err, '', 'no line of the agent');
    assert.equal(code, 0, out);
  });
});
