import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { explainConfig, parseConfig } from '../../../../src/bridge';

const FOLDER = join(__dirname, '..', '..', '..', '..', 'examples', 'bridge');
const read = (name: string) => readFileSync(join(FOLDER, name), 'utf8');

interface Manifest {
  readonly kind: string;
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

  it('the mesh config lists Kubernetes beside the bridge and switches DNS capture on', () => {
    const { meshConfig } = parse(read('mesh-config.yaml'));
    assert.deepEqual(
      meshConfig.configSources.map(({ address }: { address: string }) => address),
      ['k8s://', 'xds://inmesh-bridge.istio-system.svc:15080'],
    );
    assert.equal(meshConfig.defaultConfig.proxyMetadata.ISTIO_META_DNS_CAPTURE, 'true');
  });
});
