import assert from 'node:assert/strict';
import { parseAddress, Refusal } from '../../../src/link/worker/credentials';
import { describeFailure } from '../../../src/link/worker/failure';

const XDS = 'grpcs://istiod.istio-system.svc:15012';
const grpc = (code: number, details: string) => Object.assign(new Error(details), { code, details });

describe('link failures say what, where and what to do', () => {
  const cases: [string, unknown, 'link.refused' | 'link.down', RegExp][] = [
    [
      'no token accepted',
      grpc(16, 'request authenticate failure'),
      'link.refused',
      /15012 refused this process .*INMESH_TOKEN/,
    ],
    ['not permitted', grpc(7, 'no'), 'link.refused', /INMESH_TOKEN/],
    ['bad node', grpc(3, 'missing ip'), 'link.refused', /node \(missing ip\).*INSTANCE_IP/],
    ['no delta ADS', grpc(12, 'unknown service'), 'link.refused', /INMESH_XDS/],
    [
      'unknown root',
      grpc(14, 'Last error: self-signed certificate in certificate chain'),
      'link.refused',
      /INMESH_XDS_CA/,
    ],
    ['plaintext port', grpc(14, 'Last error: EPROTO wrong version number'), 'link.refused', /certificate/],
    [
      'nobody there',
      grpc(14, 'connect ECONNREFUSED 10.0.0.1:15012'),
      'link.down',
      /cannot be reached .*ECONNREFUSED/,
    ],
    [
      'the cause alone, without the way gRPC came to it',
      grpc(
        14,
        'No connection established. Last error: Error: connect ECONNREFUSED 10.0.0.1:15012. Resolution note: ',
      ),
      'link.down',
      /cannot be reached \(connect ECONNREFUSED 10\.0\.0\.1:15012\); calls keep/,
    ],
    [
      'no cause',
      grpc(14, 'No connection established. Last error: null. Resolution note: no addresses'),
      'link.down',
      /cannot be reached \(no addresses\);/,
    ],
    [
      'a name that does not resolve',
      grpc(14, 'Name resolution failed for target dns:istiod.nowhere:15012'),
      'link.down',
      /cannot be reached \(Name resolution failed for target dns:istiod\.nowhere:15012\)/,
    ],
    ['not ready', grpc(14, 'server is not ready'), 'link.down', /trying again/],
    ['set-up', new Refusal('x cannot be read'), 'link.refused', /x cannot be read/],
    ['no error at all', 'odd', 'link.down', /odd/],
  ];
  for (const [name, error, event, line] of cases) {
    it(name, () => {
      const described = describeFailure(error, XDS);
      assert.equal(described.event, event);
      assert.match(described.message, line);
      assert.equal(described.level, event === 'link.refused' ? 'error' : 'warn');
    });
  }

  it('addresses: grpc and grpcs with host and port; everything else is refused', () => {
    assert.deepEqual(parseAddress('grpc://127.0.0.1:15010'), {
      secure: false,
      host: '127.0.0.1',
      port: 15010,
    });
    assert.deepEqual(parseAddress('grpcs://[::1]:15012/'), { secure: true, host: '[::1]', port: 15012 });
    for (const wrong of [
      '',
      'istiod:15010',
      'grpc://istiod',
      'http://a:1',
      'grpc://a:0',
      'grpc://a:70000',
      'grpc://a b:1',
      'grpc://a:1/x',
    ]) {
      assert.throws(() => parseAddress(wrong), Refusal, wrong);
    }
  });
});
