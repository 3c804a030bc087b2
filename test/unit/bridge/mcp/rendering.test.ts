import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Rendering } from '../../../../src/bridge/mcp/rendering';
import type { ServedEntry, ServedSidecar } from '../../../../src/bridge/model';
import { decodeSotwResponse, pb } from '../../../../src/xds';
import { servedEntry } from '../../../support/bridge/scripted-content';

const TYPE = 'networking.istio.io/v1/ServiceEntry';

function snapshot(entries: readonly ServedEntry[]) {
  const sorted = entries.map((entry) => [`${entry.namespace}/${entry.name}`, entry] as const);
  sorted.sort(([a], [b]) => (a < b ? -1 : 1));
  return { entries: new Map(sorted) as ReadonlyMap<string, ServedEntry> };
}

/** Name → version, decoded from the whole response. */
function decoded(pieces: readonly Buffer[]) {
  const { resources, versionInfo, nonce, typeUrl } = decodeSotwResponse(Buffer.concat(pieces));
  const parts = resources.map(({ value }) => pb.istio.mcp.v1alpha1.Resource.decode(value).metadata!);
  return { versionInfo, nonce, typeUrl, parts: parts.map(({ name, version }) => [name, version]) };
}

const entry = fc
  .record({
    name: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
    ports: fc.array(fc.integer({ min: 1, max: 65_535 }), { maxLength: 4 }),
    revision: fc.constantFrom(undefined, 'canary', 'stable'),
  })
  .map(({ name, ports, revision }) =>
    servedEntry(
      name,
      ports.map((port) => `10.0.0.1:${port}`),
      revision === undefined ? {} : { labels: { 'istio.io/rev': revision } },
    ),
  );
const entries = fc.uniqueArray(entry, { selector: ({ name }) => name });

describe('bridge: the encoding of everything', () => {
  it('after any changes it is what encoding from nothing gives, for every revision', () => {
    fc.assert(
      fc.property(fc.array(entries, { minLength: 1, maxLength: 6 }), (steps) => {
        let step: Rendering | undefined;
        for (const each of steps) step = Rendering.of(snapshot(each), step);
        const fresh = Rendering.of(snapshot(steps.at(-1)!.map((each) => ({ ...each }))));
        assert.equal(step!.version, fresh.version);
        for (const revision of ['default', 'canary', 'stable']) {
          const [a, b] = [step!.view(revision), fresh.view(revision)];
          assert.equal(a.version, b.version);
          assert.ok(Buffer.concat(a.response(TYPE)).equals(Buffer.concat(b.response(TYPE))));
          const wanted = steps
            .at(-1)!
            .filter(({ labels }) => (labels['istio.io/rev'] ?? revision) === revision);
          const { parts, versionInfo, nonce, typeUrl } = decoded(a.response(TYPE));
          assert.deepEqual(
            parts.map(([name]) => name),
            wanted.map(({ name }) => `inmesh-registry/${name}`).sort(),
          );
          assert.deepEqual([versionInfo, nonce, typeUrl], [a.version, a.version, TYPE]);
        }
      }),
      { numRuns: 200, seed: 5 },
    );
  });

  it('a change makes one block anew; all other bytes are the same memory', () => {
    const names = Array.from({ length: 2_000 }, (_, i) => `service-${i}`);
    const before = names.map((name) => servedEntry(name, ['10.0.0.1:1']));
    const first = Rendering.of(snapshot(before));
    const after = before.map((entry) =>
      entry.name === 'service-77' ? servedEntry('service-77', []) : entry,
    );
    const [old, fresh] = [first, Rendering.of(snapshot([...after, servedEntry('another', [])]), first)].map(
      (each) => each.view('default').response(TYPE),
    );
    const shared = fresh!.filter((piece) => old!.includes(piece));
    assert.ok(fresh!.length > 10, `${fresh!.length} blocks`);
    assert.ok(shared.length >= fresh!.length - 4, `${shared.length} of ${fresh!.length}`);
  });

  it('one response for all who ask for the same type, the same bytes for another type', () => {
    const rendering = Rendering.of(snapshot([servedEntry('a', ['10.0.0.1:1'])]));
    const view = rendering.view('default');
    assert.equal(view.response(TYPE), view.response(TYPE));
    const other = decoded(view.response('networking.istio.io/v1alpha3/ServiceEntry'));
    const first = decoded(view.response(TYPE));
    assert.deepEqual(other.parts, first.parts);
    assert.equal(other.typeUrl, 'networking.istio.io/v1alpha3/ServiceEntry');
  });

  it('Sidecars are a kind of their own: in the version of everything, not in that of the entries', () => {
    const { entries: served } = snapshot([servedEntry('a', ['10.0.0.1:1'])]);
    const sidecar = (name: string, hosts: readonly string[]): ServedSidecar => ({
      ...{ namespace: 'shop', name, labels: {}, selector: { app: name }, hosts },
    });
    const rendering = (...sidecars: readonly ServedSidecar[]) =>
      Rendering.of({
        entries: served,
        sidecars: new Map(sidecars.map((each) => [`shop/${each.name}`, each])),
      });
    const [without, empty] = [Rendering.of({ entries: served }), rendering()];
    assert.deepEqual([without.view('x', 'Sidecar'), empty.view('x', 'Sidecar')?.parts.size], [undefined, 0]);
    assert.notEqual(empty.version, without.version, 'that there are none is news, too');
    const one = rendering(sidecar('web', ['./*']));
    const variants = [
      one,
      rendering(sidecar('web', ['./*', 'a/b'])),
      rendering(sidecar('jobs', ['./*'])),
      without,
    ];
    assert.equal(new Set(variants.map(({ version }) => version)).size, variants.length);
    assert.equal(new Set(variants.map((each) => each.view('x').version)).size, 1);
    const { parts } = decoded(one.view('x', 'Sidecar')!.response('networking.istio.io/v1/Sidecar'));
    assert.deepEqual(
      parts.map(([name]) => name),
      ['shop/web'],
    );
    const next = Rendering.of(
      { entries: served, sidecars: new Map([['shop/web', sidecar('web', ['./*'])]]) },
      one,
    );
    assert.equal(next.version, one.version);
  });

  it('every part of an entry is in its version', () => {
    const base = servedEntry('a', ['10.0.0.1:1']);
    const endpoint = base.endpoints[0]!;
    const variants: Partial<ServedEntry>[] = [
      { host: 'b' },
      { labels: { a: 'b' } },
      { annotations: { a: 'b' } },
      { addresses: ['240.1.1.1'] },
      { ports: [{ number: 80, name: 'http', protocol: 'GRPC' }] },
      { ports: [{ number: 81, name: 'http', protocol: 'HTTP' }] },
      { resolution: 'DNS' },
      { location: 'MESH_EXTERNAL' },
      { exportTo: ['.'] },
      { endpoints: [] },
      ...[
        { address: '10.0.0.2' },
        { ports: { http: 2 } },
        { labels: {} },
        { locality: 'r/z' },
        { weight: 2 },
        { network: 'n' },
        { serviceAccount: 's' },
      ].map((part) => ({ endpoints: [{ ...endpoint, ...part }] })),
    ];
    const versions = [{}, ...variants].map((part) => Rendering.of(snapshot([{ ...base, ...part }])).version);
    assert.equal(new Set(versions).size, versions.length);
    assert.equal(Rendering.of(snapshot([{ ...base, from: ['elsewhere'] }])).version, versions[0]);
  });
});
