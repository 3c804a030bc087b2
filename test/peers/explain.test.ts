/** `inmesh explain` and `inmesh doctor` on a real istiod: what they say is what istiod sent, by this identity. */

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ISTIOD_SERVER_NAME, type Istiod, startIstiod } from '../../lab';
import type { Diagnosis } from '../../src/cli/doctor';
import type { Explanation } from '../../src/cli/explanation/build';
import { selfSigned } from '../support/certificate';
import { object, REVIEWS, SUBSETS } from '../support/dev-cases/base';
import { inmesh } from '../support/inmesh-command';
import { peer } from '../support/peer';

const HOST = 'reviews.shop.svc.cluster.local';
const MESH = [
  REVIEWS,
  object(
    'DestinationRule',
    'reviews',
    `host: reviews\ntrafficPolicy: {loadBalancer: {simple: ROUND_ROBIN}, outlierDetection: {consecutive5xxErrors: 7}}\n${SUBSETS}`,
  ),
  object(
    'VirtualService',
    'reviews',
    `hosts: [reviews]
http:
- name: web
  match: [{sourceLabels: {app: web}, headers: {x-user: {regex: "b.t+a"}}}]
  timeout: 3s
  route: [{destination: {host: reviews, subset: v2}}]
- name: split
  route:
  - {destination: {host: reviews, subset: v1}, weight: 75}
  - {destination: {host: reviews, subset: v2}, weight: 25}`,
  ),
].join('');

describe('explain and doctor: a real istiod', function () {
  this.timeout(60_000);
  let istiod: Istiod;
  let folder: string;
  let env: Record<string, string>;

  before(async function () {
    this.timeout(600_000);
    istiod = peer(
      this,
      await startIstiod({
        files: { 'mesh.yaml': MESH },
        meshConfig: { outboundTrafficPolicy: { mode: 'REGISTRY_ONLY' } },
      }),
    );
    folder = await mkdtemp(join(tmpdir(), 'inmesh-explain-'));
    env = {
      INMESH_XDS: `grpcs://${istiod.secureAddress}`,
      INMESH_XDS_CA: istiod.caFile,
      INMESH_XDS_SERVER_NAME: ISTIOD_SERVER_NAME,
      INMESH_TOKEN: await istiod.tokenFile('shop', 'web'),
      POD_NAME: 'web-1',
      POD_NAMESPACE: 'shop',
      INSTANCE_IP: '10.9.9.9',
      SERVICE_ACCOUNT: 'web',
      ISTIO_METAJSON_LABELS: '{"app":"web"}',
    };
  });
  after(async () => {
    await istiod?.stop();
    if (folder !== undefined) await rm(folder, { recursive: true });
  });

  async function explained(url: string, args: string[] = [], more = {}): Promise<Explanation> {
    const { code, out, err } = await inmesh(['explain', url, '--json', ...args], { ...env, ...more });
    assert.equal(err, '');
    assert.equal(code, 0);
    return JSON.parse(out) as Explanation;
  }

  it('the route of this identity, its policies, endpoints, and the objects they come from', async () => {
    const found = await explained('http://reviews/', ['-H', 'x-user: beta']);
    assert.equal(found.managed, true);
    assert.equal(found.virtualHost!.name, `${HOST}:80`);
    assert.deepEqual(
      found.routes.map(({ route, verdict }) => `${route.name} ${verdict}`),
      ['web chosen', 'split later'],
    );
    assert.equal(found.outcome!.kind === 'forward' && found.outcome!.timeoutMs, 3_000);
    const [cluster] = found.clusters;
    assert.equal(cluster!.subset, 'v2');
    assert.equal(cluster!.cluster!.outlierDetection!.consecutive5xx, 7);
    assert.deepEqual(cluster!.endpoints.map(({ address }) => address).sort(), ['10.0.0.2', '10.0.0.3']);
    assert.deepEqual(found.objects, [
      { kind: 'VirtualService', namespace: 'shop', name: 'reviews' },
      { kind: 'DestinationRule', namespace: 'shop', name: 'reviews' },
      { kind: 'ServiceEntry', namespace: 'shop', host: HOST },
    ]);
  });

  it('another identity sees other routes', async () => {
    const found = await explained('http://reviews/', [], { ISTIO_METAJSON_LABELS: '{"app":"api"}' });
    assert.deepEqual(
      found.routes.map(({ route }) => route.name),
      ['split'],
    );
    assert.ok(found.outcome!.kind === 'forward');
    assert.deepEqual(
      found.outcome!.destinations.map(({ percent }) => percent),
      [75, 25],
    );
  });

  it('REGISTRY_ONLY: a host outside the registry is blocked, and it is said why', async () => {
    const found = await explained('http://example.com/');
    assert.equal(found.managed, true);
    assert.deepEqual([found.outcome!.kind, found.virtualHost!.domain], ['direct-response', '*']);
    assert.match(found.notes.join(), /not in the registry and outboundTrafficPolicy is REGISTRY_ONLY/);
  });

  it('doctor: TLS verified, the token of this workload, and what istiod sent', async () => {
    const { out, err } = await inmesh(['doctor', '--json'], env);
    assert.equal(err, '');
    const { findings, mesh } = JSON.parse(out) as Diagnosis;
    const texts = findings.map(({ check, status, text }) => `${status} ${check}: ${text}`).join('\n');
    assert.match(texts, new RegExp(`ok control-plane: grpcs://.*; TLS verified for ${ISTIOD_SERVER_NAME}`));
    assert.match(texts, /ok token: .*system:serviceaccount:shop:web, valid for/);
    assert.match(texts, /ok root: .*valid to/);
    assert.deepEqual(
      mesh!.ports.map(({ port }) => port),
      [80, 8080],
    );
  });

  it('doctor: a token of another namespace, a root of another mesh', async () => {
    const token = await istiod.tokenFile('elsewhere', 'web');
    const stranger = JSON.parse(
      (await inmesh(['doctor', '--json'], { ...env, INMESH_TOKEN: token })).out,
    ) as Diagnosis;
    const wrong = stranger.findings.filter(({ status }) => status === 'error').map(({ text }) => text);
    assert.match(wrong.join('\n'), /of namespace elsewhere, the process says shop: istiod refuses it/);
    assert.match(wrong.join('\n'), /refused this process/);
    const other = join(folder, 'other-root.pem');
    await writeFile(other, selfSigned(['elsewhere']).cert);
    const rootless = JSON.parse(
      (await inmesh(['doctor', '--json'], { ...env, INMESH_XDS_CA: other })).out,
    ) as Diagnosis;
    const said = rootless.findings.filter(({ check }) => check === 'control-plane').map(({ text }) => text);
    assert.match(said[0]!, /the certificate of the control plane .* was not accepted/);
    assert.match(said[1]!, new RegExp(`it shows a certificate for .*${ISTIOD_SERVER_NAME}.*, issued by `));
  });
});
