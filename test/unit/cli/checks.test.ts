import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CheckContext, Finding } from '../../../src/cli/checks/finding';
import { checkIdentity } from '../../../src/cli/checks/identity';
import { checkNode } from '../../../src/cli/checks/node';
import { checkPreload } from '../../../src/cli/checks/preload';
import { checkRoot } from '../../../src/cli/checks/root';
import { checkSettings } from '../../../src/cli/checks/settings';
import { checkSnapshot } from '../../../src/cli/checks/snapshot';
import { checkToken } from '../../../src/cli/checks/token';
import { groupUnsupported } from '../../../src/cli/checks/unsupported';
import { loadSettings, settingSources, surroundings, unknownVariables } from '../../../src/config';
import { ownSnapshotFile } from '../../../src/link/inspect';
import { writeSnapshot } from '../../../src/link/worker/snapshot-file';

const NOW = Date.parse('2026-06-01T00:00:00Z');
const ISSUED = NOW / 1000;

describe('doctor', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'inmesh doctor '));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function context(env: Record<string, string>): CheckContext {
    const settings = loadSettings({ POD_NAMESPACE: 'shop', SERVICE_ACCOUNT: 'web', ...env }, () => undefined);
    return {
      settings,
      surroundings: surroundings(undefined, env),
      packageFolder: folder,
      version: '1.2.3',
      now: NOW,
    };
  }
  const brief = (findings: readonly Finding[]) => findings.map(({ status, text }) => `${status}: ${text}`);
  function token(claims: object): CheckContext {
    const file = join(folder, 'token');
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    writeFileSync(file, `${part({ alg: 'RS256' })}.${part(claims)}.c2ln\n`);
    return context({ INMESH_XDS: 'grpcs://istiod:15012', INMESH_TOKEN: file });
  }
  const good = { exp: ISSUED + 3600, aud: ['istio-ca'], sub: 'system:serviceaccount:shop:web' };

  it('node: 18 to 26 are good, older ones are not, newer ones are not tested', () => {
    assert.deepEqual(
      ['v16.20.0', 'v18.20.8', 'v26.1.0', 'v27.0.0'].map((version) => checkNode(version)[0]!.status),
      ['error', 'ok', 'ok', 'warning'],
    );
  });

  it('token: good, with what is left of its time', () => {
    const [finding, ...more] = checkToken(token(good));
    assert.deepEqual(more, []);
    assert.equal(finding!.status, 'ok');
    assert.match(finding!.text, /system:serviceaccount:shop:web, valid for 60 min$/);
  });

  it('token: expired, of another namespace or account, for another audience, not valid yet', () => {
    assert.match(
      brief(checkToken(token({ ...good, exp: ISSUED - 60 })))[0]!,
      /^error: .* expired at 2026-05-31T23:59:00.000Z, 60 s ago/,
    );
    const other = brief(checkToken(token({ ...good, sub: 'system:serviceaccount:other:api' })));
    assert.match(other[0]!, /^error: .* of namespace other, the process says shop: istiod refuses it/);
    assert.match(other[1]!, /^error: .* of service account api, the process says web/);
    assert.match(
      brief(checkToken(token({ ...good, aud: 'kubernetes' })))[0]!,
      /^warning: .* is for kubernetes/,
    );
    assert.match(brief(checkToken(token({ ...good, nbf: ISSUED + 600 })))[0]!, /^error: .* counts from/);
  });

  it('token: missing, empty, no JWT, not used over plaintext', () => {
    const at = (text: string | undefined, xds = 'grpcs://istiod:15012') => {
      const file = join(folder, 'other');
      if (text === undefined) rmSync(file, { force: true });
      else writeFileSync(file, text);
      return brief(checkToken(context({ INMESH_XDS: xds, INMESH_TOKEN: file })))[0]!;
    };
    assert.match(at(undefined), /^error: .* is not there$/);
    assert.match(at(' \n'), /^error: .* holds no token$/);
    assert.match(at('abc'), /^warning: .* is no JWT/);
    assert.match(at(undefined, 'grpc://istiod:15010'), /^skipped: /);
  });

  it('root: missing, without a certificate, with what is none', () => {
    const file = join(folder, 'root.pem');
    const of = () =>
      brief(checkRoot(context({ INMESH_XDS: 'grpcs://istiod:15012', INMESH_XDS_CA: file })))[0]!;
    assert.match(of(), /^error: .* is not there$/);
    writeFileSync(file, 'hello');
    assert.match(of(), /^error: .* holds no PEM certificate$/);
    writeFileSync(file, '-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n');
    assert.match(of(), /^error: .* holds what is no certificate/);
  });

  it('settings: wrong values, names that do not exist, hooks that do not exist, switches that are off', () => {
    const env = {
      INMESH_LOG: 'loud',
      INMESH_SNAPSHOTDIR: '/x',
      INMESH_HOOKS_OFF: 'http,htpp',
      POD_NAME: 'a',
    };
    const problems: string[] = [];
    const settings = loadSettings(env, (problem) => problems.push(problem));
    const findings = checkSettings(settings, settingSources(env), unknownVariables(env), problems);
    const expected = [
      /^error: INMESH_LOG="loud" is not one of debug/,
      /^warning: there is no setting INMESH_SNAPSHOTDIR$/,
      /^error: INMESH_HOOKS or INMESH_HOOKS_OFF name a hook "htpp"$/,
      /^warning: the http hook is switched off \(INMESH_HOOKS_OFF\)/,
    ];
    assert.equal(findings.length, expected.length);
    brief(findings).forEach((text, at) => {
      assert.match(text, expected[at]!);
    });
    assert.equal(findings[1]!.todo, 'did you mean INMESH_SNAPSHOT_DIR?');
  });

  it('settings: the file of run-time toggles is read as the agent reads it', () => {
    const file = join(folder, 'toggles.json');
    const of = () => {
      const settings = loadSettings({ INMESH_FILE: file }, () => undefined);
      return brief(checkSettings(settings, [], [], []))[0]!;
    };
    assert.match(of(), /^warning: INMESH_FILE .* is not there$/);
    writeFileSync(file, '{');
    assert.match(of(), /^error: INMESH_FILE .* is not JSON/);
    writeFileSync(file, '{"INMESH": "off"}');
    assert.match(of(), /^warning: INMESH_FILE .* switches the agent off$/);
    writeFileSync(file, '{"INMESH": "on"}');
    assert.match(of(), /^ok: /);
  });

  it('settings have a source: the variable, an alias, or the default', () => {
    const sources = settingSources({ ISTIO_META_LABELS: '{}', INMESH_XDS: 'x' });
    const of = (name: string) => sources.find((each) => each.name === name)!;
    assert.equal(of('ISTIO_METAJSON_LABELS').variable, 'ISTIO_META_LABELS');
    assert.equal(of('INMESH_LOG').source, 'default');
    assert.match(of('INMESH_XDS').problem!, /is not grpcs:\/\/host:port/);
  });

  it('identity: each missing part says what follows', () => {
    const env = { POD_NAME: 'web-1', ISTIO_METAJSON_LABELS: '{"app":"web"}' };
    const findings = checkIdentity(loadSettings(env), settingSources(env), true);
    assert.match(findings[0]!.text, /^pod web-1, namespace default, .* labels app=web$/);
    assert.deepEqual(
      findings.slice(1).map(({ text }) => text.split(' ')[0]),
      ['POD_NAMESPACE', 'INSTANCE_IP', 'SERVICE_ACCOUNT'],
    );
    assert.match(findings[1]!.todo!, /downward API/);
  });

  it('preload: none, one that does not resolve, one that is not whole', () => {
    const of = (nodeOptions: string) =>
      checkPreload({ ...context({}), surroundings: surroundings(nodeOptions, {}) }, folder);
    assert.match(brief(of('--max-old-space-size=99'))[0]!, /^error: NODE_OPTIONS does not load inmesh/);
    assert.match(of('')[0]!.todo!, /NODE_OPTIONS="--require .*preload\.js"/);
    assert.match(
      brief(of('--require inmesh/preload'))[0]!,
      /^error: NODE_OPTIONS requires inmesh\/preload, which does not resolve/,
    );
    writeFileSync(join(folder, 'package.json'), '{"name":"inmesh","version":"1.2.3"}');
    writeFileSync(join(folder, 'preload.js'), '');
    const found = brief(of(`--require ./preload.js`));
    assert.match(found[0]!, /^error: .*dist lacks preload\.js, agent\.js, link-worker\.js$/);
    assert.match(found[1]!, /^warning: .*looked up from the working directory/);
    assert.match(found[2]!, /^ok: an empty program starts with it/);
  });

  it('snapshot: off, not writable, empty, of this process, too old, damaged', () => {
    const at = (now = NOW) => {
      const settings = context({ INMESH_SNAPSHOT_DIR: folder });
      return brief(checkSnapshot({ ...settings, now }))[0]!;
    };
    assert.match(brief(checkSnapshot(context({})))[0]!, /^ok: off/);
    writeFileSync(join(folder, 'file'), '');
    assert.match(
      brief(checkSnapshot(context({ INMESH_SNAPSHOT_DIR: join(folder, 'file', 'x') })))[0]!,
      /^error: .* lies below .*file, a file$/,
    );
    assert.match(at(), /^ok: .* holds nothing of this process yet$/);
    const { settings } = context({ INMESH_SNAPSHOT_DIR: folder });
    const file = ownSnapshotFile(folder, settings);
    writeSnapshot(file, { identity: 'x', savedAt: NOW - 60_000, clusters: [], assignments: [], routes: [] });
    assert.match(at(), /^ok: .*: 0 clusters, written 60 s ago$/);
    assert.match(at(NOW + 25 * 3_600_000), /^warning: .* older than 24 h: it is ignored$/);
    writeFileSync(file, 'x');
    assert.match(at(), /^warning: .* cannot be used: it is no snapshot of this format$/);
  });

  it('unsupported: one line per field and effect, with the resources that have it', () => {
    const field = (resource: string, name: string) => ({
      resourceType: 'Cluster',
      resource,
      field: name,
      effect: 'e',
    });
    assert.deepEqual(groupUnsupported([field('a', 'x'), field('a', 'y[0].z'), field('b', 'y[1].z')]), [
      { resourceType: 'Cluster', field: 'y[].z', effect: 'e', resources: ['a', 'b'] },
      { resourceType: 'Cluster', field: 'x', effect: 'e', resources: ['a'] },
    ]);
  });
});
