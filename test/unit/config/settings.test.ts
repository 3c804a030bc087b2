import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { loadSettings } from '../../../src/config';
import { parseValue } from '../../../src/config/definition';
import { identityFrom } from '../../../src/config/identity';
import { read } from '../../../src/config/load';
import { DEFINITIONS } from '../../../src/config/registry';
import { parseToggles } from '../../../src/config/toggles';

function load(env: Record<string, string>) {
  const problems: string[] = [];
  return { settings: loadSettings(env, (problem) => problems.push(problem)), problems };
}

describe('config: settings', () => {
  it('gives every default when nothing is set', () => {
    const { settings, problems } = load({});
    assert.deepEqual(problems, []);
    assert.equal(settings.enabled, true);
    assert.equal(settings.xds, 'grpcs://istiod.istio-system.svc:15012');
    assert.equal(settings.firstUseTimeoutMs, 2000);
    assert.equal(settings.snapshotMaxAgeMs, 86_400_000);
    assert.equal(settings.workerMemoryMb, 512);
    assert.deepEqual(settings.hooksOff, []);
  });

  it('has valid defaults, whole sentences, and no name twice', () => {
    const names = new Set<string>();
    for (const definition of Object.values(DEFINITIONS)) {
      const { name, type, sentence } = definition;
      const fallback = read(definition, {}, assert.fail);
      const parsed = parseValue(type, definition.default);
      if (definition.default !== '') assert.deepEqual(parsed, { ok: true, value: fallback }, name);
      assert.match(sentence, /\.$/, name);
      for (const each of [name, ...('aliases' in definition ? definition.aliases : [])]) {
        assert.ok(!names.has(each), each);
        names.add(each);
      }
    }
  });

  const wrong: [string, string][] = [
    ['INMESH', 'maybe'],
    ['INMESH_XDS', 'http://istiod:15010'],
    ['INMESH_XDS', 'grpc://istiod'],
    ['INMESH_XDS', 'grpc://istiod:99999'],
    ['INMESH_FIRST_USE_TIMEOUT', 'soon'],
    ['INMESH_FIRST_USE_TIMEOUT', '-1s'],
    ['INMESH_FIRST_USE_TIMEOUT', '99999h'],
    ['INMESH_WORKER_MEMORY', '1'],
    ['INMESH_WORKER_MEMORY', '12.5'],
    ['INMESH_LOG', 'loud'],
    ['INMESH_LOCALITY', 'a/b/c/d'],
    ['profile.micro.service.envoy.xds.enable', 'perhaps'],
  ];
  for (const [name, value] of wrong) {
    it(`reports ${name}=${value} in one line and uses the default`, () => {
      const { settings, problems } = load({ [name]: value });
      assert.equal(problems.length, 1);
      assert.match(problems[0]!, new RegExp(`^${name}="${value}" is not .*; the default .* is used$`));
      const { identity: _identity, ...rest } = settings;
      const { identity: _default, ...defaults } = load({}).settings;
      assert.deepEqual(rest, defaults);
    });
  }

  it('reads durations with a unit, and milliseconds without', () => {
    const ms = (text: string) => load({ INMESH_FIRST_USE_TIMEOUT: text }).settings.firstUseTimeoutMs;
    assert.deepEqual(['250', '250ms', '1.5s', '2m', '1h'].map(ms), [250, 250, 1500, 120_000, 3_600_000]);
  });

  it('is off when the name or its alias says off', () => {
    const alias = 'profile.micro.service.envoy.xds.enable';
    assert.equal(load({ [alias]: 'false' }).settings.enabled, false);
    assert.equal(load({ INMESH: 'on', [alias]: 'false' }).settings.enabled, false);
    assert.equal(load({ INMESH: 'off', [alias]: 'true' }).settings.enabled, false);
    assert.equal(load({ INMESH: 'off' }).settings.enabled, false);
    assert.equal(load({ INMESH: ' ON ', [alias]: 'true' }).settings.enabled, true);
    assert.equal(load({ INMESH: '' }).settings.enabled, true);
  });

  it('never throws, whatever the environment holds', () => {
    const names = Object.values(DEFINITIONS).map((definition) => definition.name);
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), fc.string()), (env) => {
        const { settings } = load(env);
        assert.ok(settings.identity.podName.length > 0 || env['POD_NAME']?.trim() === '');
        assert.ok(Number.isFinite(settings.firstUseTimeoutMs));
      }),
    );
  });
});

describe('config: identity', () => {
  it('comes from the names Istio uses', () => {
    const { settings, problems } = load({
      POD_NAME: 'web-1',
      POD_NAMESPACE: 'shop',
      INSTANCE_IP: '10.0.0.7',
      SERVICE_ACCOUNT: 'web',
      TRUST_DOMAIN: 'example.org',
      ISTIO_META_CLUSTER_ID: 'east',
      ISTIO_METAJSON_LABELS: '{"app":"web","version":1}',
      INMESH_LOCALITY: 'r1/z1/s1',
    });
    assert.deepEqual(problems, []);
    assert.deepEqual(settings.identity, {
      podName: 'web-1',
      podNamespace: 'shop',
      instanceIp: '10.0.0.7',
      serviceAccount: 'web',
      trustDomain: 'example.org',
      meta: { CLUSTER_ID: 'east' },
      labels: { app: 'web', version: '1' },
      locality: { region: 'r1', zone: 'z1', subZone: 's1' },
    });
  });

  it('outside Kubernetes has a host name, namespace default and an address', () => {
    const { identity } = load({}).settings;
    assert.ok(identity.podName.length > 0);
    assert.equal(identity.podNamespace, 'default');
    assert.match(identity.instanceIp, /^[\d.]+$|:/);
  });

  it('crosses to a worker as plain data', () => {
    const copy = structuredClone(load({ POD_NAME: 'web-1' }).settings);
    assert.equal(copy.identity.podName, 'web-1');
  });

  it('reports labels that are no JSON object', () => {
    for (const labels of ['{', '[]', '"a"']) {
      const { settings, problems } = load({ ISTIO_METAJSON_LABELS: labels });
      assert.deepEqual(settings.identity.labels, {});
      assert.match(problems.join(), /^ISTIO_METAJSON_LABELS is not a JSON object/);
    }
  });

  it("reads the downward API's labels, over which the environment's win", () => {
    const folder = mkdtempSync(join(tmpdir(), 'inmesh-labels-'));
    const file = join(folder, 'labels');
    writeFileSync(file, 'app="web"\nnote="say \\"hi\\""\nversion="v1"');
    const values = {
      podName: 'a',
      podNamespace: 'b',
      instanceIp: '1.2.3.4',
      serviceAccount: '',
      trustDomain: '',
      labels: '{"version":"v2"}',
      locality: '',
    };
    const { labels } = identityFrom(values, {}, assert.fail, file);
    rmSync(folder, { recursive: true });
    assert.deepEqual(labels, { app: 'web', note: 'say "hi"', version: 'v2' });
  });
});

describe('config: settings file', () => {
  const { settings } = load({ INMESH_HOOKS_OFF: 'express' });
  function parse(text: string, of = settings) {
    const problems: string[] = [];
    return { toggles: parseToggles(text, of, (problem) => problems.push(problem)), problems };
  }

  it('changes the marked settings', () => {
    const { toggles } = parse('{"INMESH":"off","INMESH_HOOKS_OFF":"http","INMESH_LOG":"debug"}');
    const registry = { modes: ['*=merge'], calls: ['*=pin-first'] };
    assert.deepEqual(toggles, { enabled: false, hooksOff: ['express', 'http'], log: 'debug', registry });
    assert.deepEqual(parse('{"INMESH":false,"INMESH_HOOKS_OFF":["http"]}').toggles?.hooksOff, [
      'express',
      'http',
    ]);
  });

  it('cannot switch on what the environment has off', () => {
    const { settings: off } = load({ INMESH: 'off' });
    assert.equal(parse('{"INMESH":"on"}', off).toggles?.enabled, false);
  });

  it('goes back to the environment for what it no longer says', () => {
    const registry = { modes: ['*=merge'], calls: ['*=pin-first'] };
    assert.deepEqual(parse('{}').toggles, { enabled: true, hooksOff: ['express'], log: 'info', registry });
  });

  for (const text of [
    '',
    '{',
    '[]',
    'null',
    '{"INMESH":"maybe"}',
    '{"INMESH_XDS":"grpc://a:1"}',
    '{"INMESH":{}}',
  ]) {
    it(`refuses ${text || 'nothing'} whole, with one reason`, () => {
      const { toggles, problems } = parse(text);
      assert.equal(toggles, undefined);
      assert.equal(problems.length, 1);
      assert.match(problems[0]!, /what it said before stays/);
    });
  }

  it('never throws, whatever the file holds', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void parse(text)));
  });
});
