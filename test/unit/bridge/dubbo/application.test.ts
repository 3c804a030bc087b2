import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import {
  isDubboApplication,
  parseRevision,
  providersOfInstance,
  type Revision,
  readApplicationInstance,
} from '../../../../src/bridge/dubbo';

const REGISTERED = { id: 'i', address: '10.0.0.1', port: 20880 };

function read(metadata: Record<string, string>) {
  const complaints: string[] = [];
  const instance = readApplicationInstance('shop', { ...REGISTERED, metadata }, (reason) =>
    complaints.push(reason),
  );
  return { instance, complaints };
}

describe('an instance of the application level', () => {
  it('tells its ports, its revision and where its MetadataService is', () => {
    const { instance, complaints } = read({
      'dubbo.endpoints': '[{"port":20880,"protocol":"dubbo"},{"port":50051,"protocol":"tri"}]',
      'dubbo.metadata.revision': 'abc',
      'dubbo.metadata-service.url-params': '{"version":"2.0.0","port":"50051","protocol":"tri"}',
    });
    assert.deepEqual(instance.endpoints, [
      { port: 20880, protocol: 'dubbo' },
      { port: 50051, protocol: 'tri' },
    ]);
    assert.equal(instance.revision, 'abc');
    assert.deepEqual(instance.metadataService, { protocol: 'tri', port: 50051, version: '2.0.0' });
    assert.deepEqual(complaints, []);
  });

  it('of Dubbo 2.7 has its MetadataService below the protocol', () => {
    const params = '{"dubbo":{"version":"1.0.0","port":"20881"}}';
    const { instance } = read({ 'dubbo.metadata-service.url-params': params });
    assert.deepEqual(instance.metadataService, { protocol: 'dubbo', port: 20881, version: '1.0.0' });
  });

  it('without endpoints speaks dubbo on its port', () => {
    assert.deepEqual(read({ 'dubbo.metadata.revision': 'a' }).instance.endpoints, [
      { port: 20880, protocol: 'dubbo' },
    ]);
  });

  it('is told from others by its metadata', () => {
    assert.equal(isDubboApplication({ 'dubbo.metadata.revision': '0' }), true);
    assert.equal(isDubboApplication({ instance_status: 'UP' }), false);
  });

  it('property: garbage never throws and is complained of', () => {
    const garbage = fc.oneof(fc.string(), fc.json());
    fc.assert(
      fc.property(garbage, garbage, (endpoints, params) => {
        const { instance, complaints } = read({
          'dubbo.endpoints': endpoints,
          'dubbo.metadata-service.url-params': params,
        });
        assert.ok(instance.endpoints.length > 0);
        if (!instance.metadataService) assert.ok(complaints.length > 0);
      }),
      { seed: 4, numRuns: 500 },
    );
  });
});

describe('a revision', () => {
  const service = { name: 'a.B', group: 'g', version: '1.0', protocol: 'tri', port: 50051, path: 'a.B' };

  it("gives each instance its providers; group and version are the service's own where the parameters miss them", () => {
    const text = JSON.stringify({
      app: 'shop',
      revision: 'abc',
      services: {
        'g/a.B:1.0:tri': { ...service, params: { weight: '7' } },
        'c.D:dubbo': { name: 'c.D', protocol: 'dubbo', port: 0, params: null },
      },
    });
    const revision = parseRevision(text) as Revision;
    const { instance } = read({ 'dubbo.endpoints': '[{"port":20890,"protocol":"dubbo"}]' });
    const providers = providersOfInstance(instance, revision).map(
      ({ group, interface: name, version, application, instance: { id, weight } }) =>
        `${application} ${group}/${name}:${version} ${id} ${weight}`,
    );
    assert.deepEqual(providers, [
      'shop g/a.B:1.0 tri://10.0.0.1:50051 7',
      'shop /c.D: dubbo://10.0.0.1:20890 100',
    ]);
    assert.deepEqual(revision.services[0]!.params, { group: 'g', version: '1.0', weight: '7' });
  });

  it('a service without name or protocol is left out and named', () => {
    const text = JSON.stringify({ services: { ok: service, bad: { name: 'x' }, worse: 7 } });
    const revision = parseRevision(text) as Revision;
    assert.deepEqual(revision.unreadable, ['bad', 'worse']);
    assert.equal(revision.services.length, 1);
  });

  it('the MetadataService itself is no service', () => {
    const own = { ...service, name: 'org.apache.dubbo.metadata.MetadataServiceV2' };
    assert.deepEqual((parseRevision(JSON.stringify({ services: { own } })) as Revision).services, []);
  });

  it('property: garbage never throws', () => {
    const info = fc.record({
      app: fc.jsonValue(),
      revision: fc.jsonValue(),
      services: fc.jsonValue({ maxDepth: 3 }),
    });
    const text = fc.oneof(
      fc.string(),
      fc.json(),
      info.map((value) => JSON.stringify(value)),
    );
    fc.assert(
      fc.property(text, (garbage) => {
        const revision = parseRevision(garbage);
        if (typeof revision === 'string') return;
        for (const { interface: name, port } of revision.services)
          assert.ok(name !== '' && Number.isInteger(port));
      }),
      { seed: 5, numRuns: 1000 },
    );
  });
});
