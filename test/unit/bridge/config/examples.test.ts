import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Ajv from 'ajv';
import { parse, parseAllDocuments } from 'yaml';
import { explainConfig, parseConfig } from '../../../../src/bridge';
import { AdminServer } from '../../../../src/bridge/admin';
import { editorSchema } from '../../../../src/bridge/config';

const FOLDER = join(__dirname, '..', '..', '..', '..', 'examples', 'bridge');
const read = (name: string) => readFileSync(join(FOLDER, name), 'utf8');

interface Volume {
  readonly configMap?: { readonly name: string };
  readonly secret?: { readonly secretName: string };
}

interface Manifest {
  readonly kind: string;
  // biome-ignore lint/suspicious/noExplicitAny: a manifest is looked at here and there.
  readonly metadata: any;
  readonly data: Readonly<Record<string, string>>;
  // biome-ignore lint/suspicious/noExplicitAny: a manifest is looked at here and there.
  readonly spec: any;
}

describe('bridge: examples', () => {
  const manifests = parseAllDocuments(read('kubernetes.yaml')).map((document) => document.toJS() as Manifest);
  const of = (kind: string) => manifests.find((manifest) => manifest.kind === kind)!;

  it('bridge.yaml and the ConfigMap are in order', () => {
    for (const text of [read('bridge.yaml'), of('ConfigMap').data['bridge.yaml']!]) {
      const { config, problems } = parseConfig('bridge.yaml', text, {});
      assert.deepEqual(problems, []);
      const { lines } = explainConfig(config!);
      assert.ok(lines.some((line) => line.includes('0.0.0.0:15080 (TLS)')));
    }
  });

  it('an editor with the published schema takes them, and marks a mistake', () => {
    const validate = new Ajv({ strict: false }).compile(editorSchema());
    for (const text of [
      read('bridge.yaml'),
      of('ConfigMap').data['bridge.yaml']!,
      'sources: [{ name: a, type: nacos, servers: ["x:8848"] }]',
      'sources: [{ name: a, type: eureka, zones: { z: ["http://x"] }, tls: {}, convert: { relabel: [{ from: a, to: b }] } }]',
    ])
      assert.ok(validate(parse(text)), `${JSON.stringify(validate.errors)}\n${text}`);
    for (const text of [
      '{}',
      'mpc: {}\nsources: [{ name: a, type: nacos }]',
      'sources: [{ name: a, type: nacos, serves: [x] }]',
    ])
      assert.equal(validate(parse(text)), false, text);
  });

  it('the manifests keep to what istiod needs: not ready addresses, no sidecar, two replicas with their volumes', () => {
    assert.equal(of('Service').spec.publishNotReadyAddresses, true);
    const set = of('StatefulSet').spec;
    assert.equal(set.replicas, 2);
    assert.equal(set.template.metadata.labels['sidecar.istio.io/inject'], 'false');
    assert.equal(set.volumeClaimTemplates.length, 1);
    assert.ok(set.template.spec.affinity.podAntiAffinity);
    assert.equal(of('PodDisruptionBudget').spec.minAvailable, 1);
    const container = set.template.spec.containers[0];
    const mounted = container.volumeMounts.map(({ mountPath }: { mountPath: string }) => mountPath);
    const { mcp, snapshot, sources } = parse(of('ConfigMap').data['bridge.yaml']!);
    const files = [
      mcp.tls.certFile,
      mcp.tls.keyFile,
      snapshot.file,
      sources[0].passwordFile,
      container.args[1],
    ];
    for (const file of files)
      assert.ok(
        mounted.some((path: string) => file.startsWith(`${path}/`)),
        file,
      );
  });

  it('ports, probes and secrets are those that the configuration and the admin server have', () => {
    const { config } = parseConfig('bridge.yaml', of('ConfigMap').data['bridge.yaml']!, {});
    const [mcp, admin] = [config!.mcp.listen, config!.admin.listen].map((listen) =>
      Number(listen.split(':')[1]),
    );
    const [container] = of('StatefulSet').spec.template.spec.containers;
    const ports: Readonly<Record<string, number>> = Object.fromEntries(
      container.ports.map(({ name, containerPort }: { name: string; containerPort: number }) => [
        name,
        containerPort,
      ]),
    );
    assert.deepEqual(ports, { 'grpc-mcp': mcp, 'http-admin': admin });
    // grpc- in its name: istiod's own sidecar, where it has one, must know that it is HTTP/2.
    assert.deepEqual(of('Service').spec.ports, [{ name: 'grpc-mcp', port: mcp }]);
    const allowed = of('NetworkPolicy').spec.ingress.flatMap(({ ports: some }: { ports: object[] }) => some);
    assert.deepEqual(allowed, [{ port: mcp }, { port: admin }]);
    const pages = new AdminServer({
      ...{ host: '127.0.0.1', port: 0, state: {} as never, onThaw: () => undefined },
      ...{ metrics: async () => '', metricsType: '' },
    });
    for (const { httpGet } of [container.readinessProbe, container.livenessProbe]) {
      assert.equal(ports[httpGet.port], admin);
      assert.ok(pages.index().includes(` ${httpGet.path} `), httpGet.path);
    }
    const { annotations } = of('StatefulSet').spec.template.metadata;
    assert.equal(annotations['prometheus.io/port'], String(admin));
    const { volumes } = of('StatefulSet').spec.template.spec;
    const claimed = of('StatefulSet').spec.volumeClaimTemplates.map((each: Manifest) => each.metadata.name);
    const mounts = container.volumeMounts.map(({ name }: { name: string }) => name);
    assert.deepEqual(
      mounts.sort(),
      [...volumes.map(({ name }: { name: string }) => name), ...claimed].sort(),
    );
  });

  it('everything selects, names and runs as the same thing', () => {
    const name = 'inmesh-bridge';
    const labels = of('StatefulSet').spec.template.metadata.labels;
    for (const selector of [
      of('Service').spec.selector,
      of('StatefulSet').spec.selector.matchLabels,
      of('PodDisruptionBudget').spec.selector.matchLabels,
      of('NetworkPolicy').spec.podSelector.matchLabels,
    ])
      for (const [key, value] of Object.entries(selector)) assert.equal(labels[key], value);
    assert.equal(of('StatefulSet').spec.serviceName, of('Service').metadata.name);
    assert.equal(of('StatefulSet').spec.template.spec.serviceAccountName, of('ServiceAccount').metadata.name);
    for (const { kind, metadata } of manifests) {
      assert.equal(metadata.namespace, 'istio-system', kind);
      assert.equal(metadata.name, name, kind);
    }
    const { volumes, securityContext } = of('StatefulSet').spec.template.spec;
    const named = volumes.map((each: Volume) => each.configMap?.name ?? each.secret?.secretName);
    assert.deepEqual(named, [name, `${name}-tls`, `${name}-nacos`]);
    assert.deepEqual(
      [securityContext.runAsUser, securityContext.fsGroup],
      [1000, 1000],
      "the image's user node",
    );
  });

  it('the image has what npm packs, runs the command, and has the ports and places of bridge.yaml', () => {
    const dockerfile = read('Dockerfile');
    const line = (word: string) => new RegExp(`^${word} (.*)$`, 'm').exec(dockerfile)?.[1] ?? '';
    const { bin, files, name } = JSON.parse(readFileSync(join(FOLDER, '../../package.json'), 'utf8'));
    assert.ok(line('COPY').startsWith(`${name}-*.tgz `));
    assert.deepEqual(JSON.parse(line('ENTRYPOINT')), ['node', `/inmesh/${bin.inmesh}`, 'bridge']);
    assert.ok(files.includes(bin.inmesh.split('/')[0]));
    const { config } = parseConfig('bridge.yaml', read('bridge.yaml'), {});
    const ports = [config!.mcp.listen, config!.admin.listen].map((listen) => listen.split(':')[1]);
    assert.equal(line('EXPOSE'), ports.join(' '));
    assert.equal(line('VOLUME'), dirname(config!.snapshot.file));
    assert.ok(JSON.parse(line('CMD')).includes('--config'));
    assert.equal(line('USER'), 'node');
  });

  it('the mesh config lists Kubernetes beside the bridge and switches DNS capture on', () => {
    const { meshConfig } = parse(read('mesh-config.yaml'));
    assert.deepEqual(
      meshConfig.configSources.map(({ address }: { address: string }) => address),
      ['k8s://', 'xds://inmesh-bridge.istio-system.svc:15080'],
    );
    const { name, namespace } = of('Service').metadata;
    const [, { address, tlsSettings }] = meshConfig.configSources;
    const host = `${name}.${namespace}.svc`;
    assert.equal(address, `xds://${host}:${of('Service').spec.ports[0].port}`);
    assert.deepEqual(
      [tlsSettings.mode, tlsSettings.sni, tlsSettings.subjectAltNames],
      ['SIMPLE', host, [host]],
    );
    assert.equal(meshConfig.defaultConfig.proxyMetadata.ISTIO_META_DNS_CAPTURE, 'true');
  });
});
