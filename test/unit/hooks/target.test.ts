import { strict as assert } from 'node:assert';
import * as http from 'node:http';
import * as https from 'node:https';
import { urlToHttpOptions } from 'node:url';
import * as fc from 'fast-check';
import { readTarget } from '../../../hooks/http/target';

function read(input: unknown, second?: unknown, agent: http.Agent = http.globalAgent): string | undefined {
  const target = readTarget(input, second, agent);
  return target && `${target.scheme} ${target.host} ${target.port}`;
}

describe('where a call goes', () => {
  it('options, as Node reads them', () => {
    assert.equal(read({ host: 'a' }), 'http a 80');
    assert.equal(read({ hostname: 'a', host: 'b', port: '8080' }), 'http a 8080');
    assert.equal(read({}), 'http localhost 80');
    assert.equal(read({ host: 'a', defaultPort: 81 }), 'http a 81');
    assert.equal(read({ host: '::1', port: 1 }), 'http ::1 1');
    assert.equal(read({ host: 'a' }, undefined, https.globalAgent), 'https a 443');
    assert.equal(read({ host: 'a', agent: https.globalAgent }), 'https a 443');
  });

  it('URLs, with options that override', () => {
    assert.equal(read('http://a/x'), 'http a 80');
    assert.equal(read('http://u:p@a.test:8080?q=http://b'), 'http a.test 8080');
    assert.equal(read('http://[::1]:81/'), 'http ::1 81');
    assert.equal(read(new URL('http://a.test:82/x')), 'http a.test 82');
    assert.equal(read('http://a/', { port: 9 }), 'http a 9');
    assert.equal(read('http://a/', { host: 'b' }), 'http a 80');
    assert.equal(read('http://a/', { hostname: 'b' }), 'http b 80');
    assert.equal(
      read('http://a/', () => undefined),
      'http a 80',
    );
    assert.equal(read('http://ä.test/'), 'http xn--4ca.test 80');
  });

  it('what Node refuses, or what has no host, is none of our business', () => {
    for (const bad of [null, undefined, 5, 'no url', 'http://', Symbol('x')])
      assert.equal(read(bad), undefined);
    assert.equal(read({ socketPath: '/x' }), undefined);
    assert.equal(read({ host: 5 }), undefined);
    assert.equal(read({ host: 'a', port: 70_000 }), undefined);
    assert.equal(read({ host: 'a', [Symbol('context')]: 1, headers: Object.freeze({}) }), 'http a 80');
    assert.equal(read('http://a/', 'bogus'), 'http a 80');
  });

  it('any web URL gives what Node’s own parser gives', () => {
    fc.assert(
      fc.property(
        fc.webUrl({ withQueryParameters: true, withFragments: true, validSchemes: ['http'] }),
        (url) => {
          const { hostname, port } = urlToHttpOptions(new URL(url));
          assert.equal(read(url)?.toLowerCase(), `http ${hostname} ${port || 80}`);
        },
      ),
    );
  });

  it('never throws, whatever it is given', () => {
    fc.assert(fc.property(fc.anything(), fc.anything(), (input, second) => void read(input, second)));
  });
});
