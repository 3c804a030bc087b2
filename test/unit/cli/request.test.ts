import assert from 'node:assert/strict';
import { CliError } from '../../../src/cli/error';
import { askedCall } from '../../../src/cli/explanation/request';

describe('the call that is asked about', () => {
  it('has the port of its scheme, and the Host header that Node would send', () => {
    const cases = [
      ['http://reviews', 'reviews', 80, 'reviews', '/'],
      ['http://Reviews.Shop.:8080/a?b#c', 'reviews.shop', 8080, 'reviews.shop.:8080', '/a?b'],
      ['https://reviews/x', 'reviews', 443, 'reviews', '/x'],
      ['http://reviews?q', 'reviews', 80, 'reviews', '/?q'],
      ['http://[::1]:81/', '::1', 81, '[::1]:81', '/'],
    ] as const;
    for (const [url, host, port, authority, path] of cases) {
      const call = askedCall(url, 'get', []);
      assert.deepEqual(
        [call.host, call.port, call.head.authority, call.head.path, call.head.method],
        [host, port, authority, path, 'GET'],
        url,
      );
    }
  });

  it('keeps the path as it was written: what becomes of dots is the route’s business', () => {
    assert.equal(askedCall('http://r/a/../b/%2e', 'GET', []).head.path, '/a/../b/%2e');
  });

  it('has header lines by name, several of one name, and a Host that counts', () => {
    const { head } = askedCall('http://r/', 'GET', ['X-User:  beta ', 'x-user: b', 'Host: other:80', 'x-e:']);
    assert.deepEqual(head.header('x-user'), ['beta', 'b']);
    assert.deepEqual(head.header('x-e'), ['']);
    assert.equal(head.header('__proto__'), undefined);
    assert.equal(head.authority, 'other:80');
  });

  it('refuses what is no URL, no method and no header line', () => {
    const wrong: [string, string, string[]][] = [
      ['reviews/x', 'GET', []],
      ['ftp://reviews/', 'GET', []],
      ['http://', 'GET', []],
      ['http://r:99999/', 'GET', []],
      ['http://r/', 'G ET', []],
      ['http://r/', 'GET', ['x-user']],
      ['http://r/', 'GET', [': beta']],
    ];
    for (const [url, method, headers] of wrong) {
      assert.throws(() => askedCall(url, method, headers), CliError, `${url} ${method} ${headers}`);
    }
  });
});
