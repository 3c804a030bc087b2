import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import {
  decodeDubboUrl,
  LastingParams,
  lastingParams,
  paramsOf,
  parseDubboUrl,
  startOf,
} from '../../../../src/bridge/dubbo';

describe("Dubbo's URL", () => {
  it('is taken apart', () => {
    const query = 'weight=7&methods=a,b&flag&=x&empty=';
    const url = parseDubboUrl(`TRI://10.0.0.1:50051/com.foo.Bar?${query}`)!;
    assert.deepEqual(
      { ...url, params: paramsOf(url) },
      {
        protocol: 'tri',
        address: '10.0.0.1',
        port: 50051,
        path: 'com.foo.Bar',
        query,
        params: Object.assign(Object.create(null), { weight: '7', methods: 'a,b', flag: 'flag', empty: '' }),
      },
    );
  });

  it('knows IPv6, user names, host names and a missing port', () => {
    const of = (text: string) => {
      const { address, port } = parseDubboUrl(text)!;
      return `${address} ${port}`;
    };
    assert.equal(of('dubbo://[fe80::1]:20880/x'), 'fe80::1 20880');
    assert.equal(of('dubbo://user:secret@host.example:1/x'), 'host.example 1');
    assert.equal(of('rest://host'), 'host 0');
    assert.equal(of('dubbo://host:99999/x'), 'host 99999');
  });

  it('values stay as they are: the URL was encoded as a whole', () => {
    assert.equal(paramsOf(decodeDubboUrl('dubbo%3A%2F%2Fh%3A1%2Fx%3Fa%3D%2541')!)['a'], '%41');
  });

  for (const text of [
    '',
    'dubbo',
    'dubbo://',
    '://h:1',
    'dubbo://:1/x',
    'dubbo://h:x/y',
    'dubbo://[::1/x',
    '%',
  ])
    it(`"${text}" is none`, () => assert.equal(decodeDubboUrl(text), undefined));

  it('when its process started is told apart from what lasts', () => {
    const url = parseDubboUrl('dubbo://h:1/x?timestamp=1795250448063&pid=7&weight=1')!;
    assert.equal(startOf(url), 1795250448063);
    assert.deepEqual(lastingParams(paramsOf(url)), { weight: '1' });
    const lasting = new LastingParams();
    const later = parseDubboUrl('dubbo://g:1/x?weight=1&timestamp=1795250448064')!;
    assert.deepEqual(lasting.of(later), { weight: '1' });
    assert.equal(lasting.of(parseDubboUrl('dubbo://h:1/x?weight=1&pid=8')!), lasting.of(later));
    assert.equal(startOf(parseDubboUrl('dubbo://h:1/x?timestamp=soon')!), 0);
  });

  it('property: what is written is read', () => {
    const word = fc.stringMatching(/^[A-Za-z][\w.-]{0,20}$/);
    const written = fc.record({
      protocol: fc.constantFrom('dubbo', 'tri', 'rest'),
      address: fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain()),
      port: fc.integer({ min: 0, max: 65_535 }),
      path: word,
      params: fc.dictionary(
        word,
        fc.string().map((text) => text.replaceAll('&', '')),
      ),
    });
    fc.assert(
      fc.property(written, ({ protocol, address, port, path, params }) => {
        const host = address.includes(':') ? `[${address}]` : address;
        const query = Object.entries(params).map(([key, value]) => `${key}=${value}`);
        const text = `${protocol}://${host}:${port}/${path}?${query.join('&')}`;
        const url = decodeDubboUrl(encodeURIComponent(text))!;
        assert.deepEqual(
          { ...url, params: { ...paramsOf(url) } },
          { protocol, address, port, path, query: query.join('&'), params: { ...params } },
        );
      }),
      { seed: 1 },
    );
  });

  it('property: garbage never throws', () => {
    const garbage = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.string({ maxLength: 80 }).map((text) => `dubbo://${text}`),
      fc.string({ maxLength: 80 }).map((text) => `dubbo%3A%2F%2Fh%3A1%2Fx%3F${text}`),
    );
    fc.assert(
      fc.property(garbage, (text) => {
        const url = decodeDubboUrl(text);
        if (url) new LastingParams().of(url);
      }),
      { seed: 2, numRuns: 1000 },
    );
  });

  it('a parameter named __proto__ is a parameter', () => {
    const lasting = lastingParams(paramsOf(parseDubboUrl('dubbo://h:1/x?__proto__=1&constructor=2')!));
    assert.deepEqual(Object.keys(lasting), ['__proto__', 'constructor']);
    assert.equal(Object.getPrototypeOf(lasting), Object.prototype);
  });
});
