/** Parts of the Nacos client that need no server: framing, addresses, who we are, patterns, mistakes. */

import { strict as assert } from 'node:assert';
import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import type { HttpAnswer, HttpClient } from '../../../../src/bridge/http';
import { createAuth, type NacosConnectionConfig, parseServer } from '../../../../src/bridge/nacos';
import { nacosMistakes } from '../../../../src/bridge/source/nacos';
import { addedServices, patternsOf } from '../../../../src/bridge/source/nacos/fuzzy-watch';
import { decodeMessage, encodeMessage, splitServiceName } from '../../../../src/nacos';
import { nacosConfig } from '../../../support/nacos-bridge';

const SERVER = { host: 'n', address: 'n:8848', grpcTarget: 'n:9848', base: 'http://n:8848/nacos' };

function connection(given: Readonly<Record<string, unknown>>): NacosConnectionConfig {
  return nacosConfig({ servers: ['n'], ...given });
}

describe("Nacos' framing", () => {
  it('carries type, headers and JSON as Nacos writes it', () => {
    const message = { type: 'ServerCheckRequest', headers: { accessToken: 't' }, body: {} };
    const hex = encodeMessage(message).toString('hex');
    // Payload{2: Metadata{3: type, 7: headers}, 3: Any{2: "{}"}}: an Any without a type URL.
    const type = Buffer.from(message.type).toString('hex');
    assert.ok(hex.includes(`1a12${type}`), hex);
    assert.ok(hex.endsWith('1a0412027b7d'), hex);
  });

  it('gives back what went in, and throws on anything that is none', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.dictionary(fc.string(), fc.string()),
        fc.jsonValue(),
        (type, headers, json) => {
          const body = { json };
          const back = decodeMessage(encodeMessage({ type, headers, body }));
          assert.equal(back.type, type);
          assert.deepEqual({ ...back.headers }, { ...headers });
          assert.equal(JSON.stringify(back.body), JSON.stringify(body));
        },
      ),
    );
    assert.throws(() => decodeMessage(Buffer.from('ffffff', 'hex')));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        try {
          decodeMessage(bytes);
        } catch (error) {
          assert.ok(error instanceof Error);
        }
      }),
    );
  });
});

describe('a Nacos server', () => {
  const cases: readonly [string, Readonly<Record<string, unknown>>, string, string][] = [
    ['nacos', {}, 'nacos:9848', 'http://nacos:8848/nacos'],
    ['10.0.0.1:18848', {}, '10.0.0.1:19848', 'http://10.0.0.1:18848/nacos'],
    ['https://nacos:443/x', { contextPath: '/' }, 'nacos:1443', 'https://nacos:443'],
    ['[::1]:8848', { grpcPortOffset: 1 }, '[::1]:8849', 'http://[::1]:8848/nacos'],
  ];
  for (const [text, given, grpcTarget, base] of cases) {
    it(`${text} is ${grpcTarget} and ${base}`, () => {
      const server = parseServer(text, connection(given));
      assert.deepEqual([server.grpcTarget, server.base], [grpcTarget, base]);
    });
  }

  for (const text of ['', 'a b', 'nacos:0', 'nacos:65000', 'ftp://nacos', 'nacos:x']) {
    it(`"${text}" is none`, () => {
      assert.throws(() => parseServer(text, connection({})), /is no Nacos server; give host:port/);
    });
  }
});

describe('who the client is', () => {
  /** A login server with a clock. */
  function login(answers: (path: string) => Partial<HttpAnswer> & { status: number }, given = {}) {
    const asked: string[] = [];
    const clock = { now: 1_000_000 };
    const post = async ({ url }: { url: string }) => {
      asked.push(new URL(url).pathname);
      return { headers: {}, body: Buffer.from(''), ...answers(new URL(url).pathname) };
    };
    const http = { post } as unknown as HttpClient;
    const config = connection({ username: 'u', password: 'p', ...given });
    return { asked, clock, auth: createAuth({ config, http, now: () => clock.now }) };
  }
  const token = (value: string) => Buffer.from(JSON.stringify({ accessToken: value, tokenTtl: 100 }));

  it('logs in once, also for requests at the same time, and renews a tenth before the end', async () => {
    let count = 0;
    const { asked, clock, auth } = login(() => ({ status: 200, body: token(`t${++count}`) }));
    const both = await Promise.all([auth.headers(SERVER), auth.headers(SERVER)]);
    assert.deepEqual(both, [{ accessToken: 't1' }, { accessToken: 't1' }]);
    clock.now += 89_999;
    assert.deepEqual(await auth.headers(SERVER), { accessToken: 't1' });
    clock.now += 1;
    assert.deepEqual(await auth.headers(SERVER), { accessToken: 't2' });
    assert.deepEqual(asked, ['/nacos/v3/auth/user/login', '/nacos/v3/auth/user/login']);
  });

  it('keeps a valid token when the renewal fails, and gives up when it ends', async () => {
    let good = true;
    const { clock, auth } = login(() => (good ? { status: 200, body: token('t') } : { status: 500 }));
    await auth.headers(SERVER);
    good = false;
    clock.now += 95_000;
    assert.deepEqual(await auth.headers(SERVER), { accessToken: 't' });
    clock.now += 6_000;
    await assert.rejects(auth.headers(SERVER), /login is refused/);
  });

  it("tries 2.x's path, and reads 3.x's wrapped answer", async () => {
    const old = login((path) =>
      path.includes('/v1/') ? { status: 200, body: token('old') } : { status: 404 },
    );
    assert.deepEqual(await old.auth.headers(SERVER), { accessToken: 'old' });
    const wrapped = Buffer.from(JSON.stringify({ code: 0, data: { accessToken: 'new', tokenTtl: 5 } }));
    const recent = login(() => ({ status: 200, body: wrapped }));
    assert.deepEqual(await recent.auth.headers(SERVER), { accessToken: 'new' });
  });

  it('signs naming requests by service, configuration by tenant and group', async () => {
    const config = connection({ accessKey: 'ak', secretKey: 'sk' });
    const auth = createAuth({ config, http: {} as HttpClient, now: () => 77 });
    const hmac = (text: string) => createHmac('sha1', 'sk').update(text).digest('base64');
    assert.deepEqual(await auth.headers(SERVER, { kind: 'naming', group: 'G', name: 'orders' }), {
      ak: 'ak',
      data: '77@@G@@orders',
      signature: hmac('77@@G@@orders'),
    });
    assert.equal((await auth.headers(SERVER))['data'], '77');
    assert.deepEqual(await auth.headers(SERVER, { kind: 'config', tenant: 'ns', group: 'g' }), {
      'Spas-AccessKey': 'ak',
      Timestamp: '77',
      'Spas-Signature': hmac('ns+g+77'),
    });
  });
});

describe('a FuzzyWatch', () => {
  it('has one pattern for each group, or one for all', () => {
    assert.deepEqual(patternsOf('ns', ['A', 'B']), ['ns>>A>>*', 'ns>>B>>*']);
    assert.deepEqual(patternsOf('ns', 'all'), ['ns>>*>>*']);
  });

  it('adds services; what it says is gone is for the listing', () => {
    const contexts = [
      { serviceKey: 'ns@@G@@a', changedType: 'ADD_SERVICE' },
      { serviceKey: 'ns@@G@@b', changedType: 'DELETE_SERVICE' },
      { serviceKey: 'ns@@G@@consumers:x::', changedType: 'ADD_SERVICE' },
      { serviceKey: 'broken', changedType: 'ADD_SERVICE' },
    ];
    assert.deepEqual(addedServices('NamingFuzzyWatchSyncRequest', { contexts }), [{ group: 'G', name: 'a' }]);
    const change = { serviceKey: 'ns@@G@@c', changedType: 'ADD_SERVICE' };
    assert.deepEqual(addedServices('NamingFuzzyWatchChangeNotifyRequest', change), [
      { group: 'G', name: 'c' },
    ]);
    assert.deepEqual(addedServices('NamingFuzzyWatchChangeNotifyRequest', {}), []);
    assert.deepEqual(addedServices('Other', { contexts }), []);
  });
});

describe('the configuration of a Nacos source', () => {
  const cases: readonly [string, Readonly<Record<string, unknown>>, RegExp][] = [
    ['no place', {}, /`servers`, `serversFile` or `addressServer` must say/],
    ['two places', { servers: ['a'], serversFile: 'f' }, /exclude each other/],
    ['a user alone', { servers: ['a'], username: 'u' }, /`username` and `password`/],
    ['a key alone', { servers: ['a'], secretKeyFile: 'u' }, /`accessKey` and `secretKey`/],
    ['all namespaces', { servers: ['a'], namespaces: 'all' }, /`namespaces: all` needs `adminUrl`/],
    ['all groups', { servers: ['a'], groups: 'all' }, /`groups: all` needs `adminUrl`/],
  ];
  for (const [what, given, mistake] of cases) {
    it(`says what is wrong with ${what}`, () => {
      assert.match(nacosMistakes(nacosConfig(given)).join(), mistake);
    });
  }

  it('is content with a server', () => {
    assert.deepEqual(nacosMistakes(nacosConfig({ servers: ['a'] })), []);
  });

  it("splits Nacos' qualified names", () => {
    assert.deepEqual(splitServiceName('G@@a@@b'), { group: 'G', name: 'a@@b' });
    assert.deepEqual(splitServiceName('a'), { group: 'DEFAULT_GROUP', name: 'a' });
  });
});
