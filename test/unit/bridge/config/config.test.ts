import assert from 'node:assert/strict';
import {
  configReference,
  formatConfigProblem,
  parseConfig,
  publishedSchema,
} from '../../../../src/bridge/config';

const SOURCES = 'sources: [{ name: a, type: nacos, servers: ["127.0.0.1:8848"] }]';

/** The mistakes in a file, as a person sees them. */
function mistakes(text: string, env: Readonly<Record<string, string>> = {}): string[] {
  return parseConfig('bridge.yaml', text, env).problems.map(formatConfigProblem);
}

describe('bridge: bridge.yaml', () => {
  it('fills in every default', () => {
    const { config, problems } = parseConfig('bridge.yaml', SOURCES, {});
    assert.deepEqual(problems, []);
    assert.equal(config!.mcp.minPushIntervalMs, 100);
    assert.equal(config!.catalogue.graceMs > 0, true);
    assert.equal(config!.sources[0]!.convert.resourceNamespace, 'inmesh-registry');
    assert.equal(config!.sources[0]!.syncTimeoutMs, 60_000);
    assert.deepEqual(config!.sources[0]!.own['namespaces'], ['public']);
    assert.equal('convert' in config!.sources[0]!.own, false);
  });

  it('says file, line, column, key and what is expected', () => {
    const text = `mcp:
  minPushIntervalMs: soon
  insecure: 1
log: { level: loud }
snapshot: []
sources:
  - name: a
    type: nacos
    servers: 5
    namespaces: everything
    groups: [7]
    convert:
      caseCompat: nacos-isto
      meshCidrs: [10.0.0.0-10.0.0.9]
  - just a text
`;
    assert.deepEqual(mistakes(text), [
      'bridge.yaml:2:22: mcp.minPushIntervalMs: must be a whole number, not the text "soon"',
      'bridge.yaml:3:13: mcp.insecure: must be true or false, not 1',
      'bridge.yaml:4:15: log.level: must be one of debug, info, warn, error, off, not the text "loud"',
      'bridge.yaml:5:11: snapshot: must be a mapping of keys, not a list',
      'bridge.yaml:9:14: sources[0].servers: must be a list of texts, not 5',
      'bridge.yaml:10:17: sources[0].namespaces: must be a list of texts or `all`, not the text "everything"',
      'bridge.yaml:11:14: sources[0].groups[0]: must be text, not 7',
      'bridge.yaml:13:19: sources[0].convert.caseCompat: must be one of none, nacos-istio, not the text "nacos-isto"; did you mean nacos-istio?',
      'bridge.yaml:14:19: sources[0].convert.meshCidrs[0]: the text "10.0.0.0-10.0.0.9" does not have the form ^[0-9A-Fa-f:.]+(/\\d{1,3})?$',
      'bridge.yaml:15:5: sources[1]: must be a mapping of keys, not the text "just a text"',
    ]);
  });

  it('a mistyped type of a source says which there are', () => {
    assert.deepEqual(
      mistakes('sources:\n  - { name: a, type: nacoss }\n  - { name: b, tpye: nacos }\n  - { name: c }'),
      [
        'bridge.yaml:2:22: sources[0].type: must be one of nacos, zookeeper, eureka, consul, not the text "nacoss"; did you mean nacos?',
        'bridge.yaml:3:5: sources[1]: the key "type" is missing: one of nacos, zookeeper, eureka, consul; is "tpye" meant to be it?',
        'bridge.yaml:4:5: sources[2]: the key "type" is missing: one of nacos, zookeeper, eureka, consul',
      ],
    );
  });

  it('syntax, nothing at all, and something else altogether', () => {
    assert.match(mistakes('a: [\n')[0]!, /^bridge\.yaml:\d+:\d+: not valid YAML: /);
    assert.match(
      mistakes('mcp: {}\nmcp: {}\n')[0]!,
      /^bridge\.yaml:2:1: not valid YAML: Map keys must be unique/,
    );
    assert.deepEqual(mistakes(''), ['bridge.yaml:1:1: the key "sources" is missing: The registries.']);
    assert.deepEqual(mistakes('- a'), ['bridge.yaml:1:1: must be a mapping of keys, not a list']);
    assert.deepEqual(mistakes('sources: []'), ['bridge.yaml:1:10: sources: must not be an empty list']);
  });

  it('plaintext beyond the loopback must be asked for', () => {
    const [mcp, admin] = mistakes(
      `mcp: { listen: "0.0.0.0:15080" }\nadmin: { listen: "[::]:15081" }\n${SOURCES}`,
    );
    assert.equal(
      mcp,
      'bridge.yaml:1:16: mcp.listen: 0.0.0.0:15080 is no loopback address and there is no TLS; set mcp.tls, or mcp.insecure: true to serve in plaintext',
    );
    assert.match(admin!, /^bridge\.yaml:2:18: admin\.listen: .*admin\.insecure: true/);
    const allowed =
      'mcp: { listen: "0.0.0.0:15080", insecure: true }\nadmin: { listen: "0.0.0.0:15081", insecure: true }\n';
    assert.deepEqual(mistakes(allowed + SOURCES), []);
    const tls = 'mcp: { listen: "0.0.0.0:15080", tls: { certFile: a, keyFile: b } }\n';
    assert.deepEqual(mistakes(tls + SOURCES), []);
    assert.deepEqual(mistakes(`mcp: { listen: "[::1]:15080" }\n${SOURCES}`), []);
    assert.match(mistakes(`mcp: { listen: "127.0.0.1:99999" }\n${SOURCES}`)[0]!, /99999 is no port/);
  });

  it('what the rooms say of their parts beyond the schema has its place, too', () => {
    const text = `sources:
  - { name: a, type: nacos, servers: [x], namespaces: all }
  - { name: a, type: eureka }
`;
    assert.deepEqual(mistakes(text), [
      'bridge.yaml:2:5: sources[0]: `namespaces: all` needs `adminUrl` (and `username` and `password` if Nacos asks for them)',
      'bridge.yaml:3:5: sources[1]: a Eureka source needs `servers` or `zones`',
      'bridge.yaml:3:13: sources[1].name: another source is named "a", too',
    ]);
    assert.match(
      mistakes(`convert: { vipCidr: 1.2.3.4/99 }\n${SOURCES}`)[0]!,
      /^bridge\.yaml:1:21: convert\.vipCidr: /,
    );
  });

  it('what conversion refuses is at its line, in lists too', () => {
    const text = `convert:
  merge:
    - { host: a.b, from: [a/x] }
    - host: c.d
      from:
        - a/y
        - elsewhere/z
sources:
  - name: a
    type: nacos
    servers: [x]
`;
    assert.deepEqual(mistakes(text), [
      'bridge.yaml:7:11: convert.merge[1].from[1]: `elsewhere/z` does not begin with a source and a slash; the sources are a',
    ]);
    const overrides = `${text.replace('elsewhere', 'a')}    convert:
      overrides:
        - match: {}
          exportTo: ["*", x]
`;
    assert.match(
      mistakes(overrides)[0]!,
      /^bridge\.yaml:15:21: sources\[0\]\.convert\.overrides\[0\]\.exportTo: /,
    );
  });

  it('metadataFrom must name a Nacos source', () => {
    const text = (name: string) =>
      `sources:\n  - { name: zk, type: zookeeper, servers: [x], metadataFrom: ${name} }\n  - { name: meta, type: nacos, servers: [x] }\n`;
    assert.deepEqual(mistakes(text('meta')), []);
    assert.deepEqual(mistakes(text('zk')), [
      'bridge.yaml:2:62: sources[0].metadataFrom: no source of type nacos is named "zk"',
    ]);
  });

  it('values of the environment: text, numbers, defaults, and what is not set', () => {
    const text = `mcp:
  minPushIntervalMs: \${MS}
  listen: \${HOST:-127.0.0.1}:1
sources: [{ name: a, type: nacos, servers: ["\${S}:8848"], username: u, password: "\${PW}", contextPath: "/$\${x}" }]`;
    const { config, problems } = parseConfig('bridge.yaml', text, { MS: '7', S: 'nacos', PW: '123' });
    assert.deepEqual(problems, []);
    assert.equal(config!.mcp.minPushIntervalMs, 7);
    assert.equal(config!.mcp.listen, '127.0.0.1:1');
    const { servers, password, contextPath } = config!.sources[0]!.own;
    assert.deepEqual([servers, password, contextPath], [['nacos:8848'], '123', `/$${'{x}'}`]);
    assert.deepEqual(mistakes(text, { MS: '7', S: 'nacos' }), [
      'bridge.yaml:4:82: sources[0].password: the environment variable PW is not set; set it, or give a default as $' +
        '{PW:-default}',
    ]);
    assert.match(mistakes(`mcp: { listen: "$${'{a b}'}" }`)[1]!, /"\$\{a b\}" names no environment variable/);
  });

  it('a secret is never shown', () => {
    const text = 'sources: [{ name: a, type: zookeeper, servers: [x], username: u, password: 7654321 }]';
    const shown = mistakes(text);
    assert.equal(shown.length, 1);
    assert.doesNotMatch(shown[0]!, /7654321/);
  });

  it('the published schema and the reference have every key of every type, each with its description', () => {
    const reference = configReference();
    for (const part of [
      '`mcp`',
      '`convert`',
      'of type `nacos`',
      'of type `zookeeper`',
      'of type `eureka`',
      'of type `consul`',
    ])
      assert.ok(reference.includes(part), part);
    assert.ok(JSON.stringify(publishedSchema).length > 10_000);
    const rows = reference.split('\n').filter((line) => line.startsWith('| `'));
    assert.ok(rows.length > 150);
    assert.deepEqual(
      rows.filter((row) => /\|\s*\|$/.test(row)),
      [],
      'keys without a description',
    );
  });
});
