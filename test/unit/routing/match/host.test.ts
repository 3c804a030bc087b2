import assert from 'node:assert/strict';
import { canonicalHost, hostOfAuthority } from '../../../../src/routing';

describe('host names', () => {
  const cases: [string, string][] = [
    ['Reviews.Shop', 'reviews.shop'],
    ['reviews.shop:8080', 'reviews.shop'],
    ['reviews.shop.', 'reviews.shop'],
    ['Reviews.Shop.:80', 'reviews.shop'],
    ['10.0.0.1:80', '10.0.0.1'],
    ['[::1]:80', '::1'],
    ['[2001:DB8::1]', '2001:db8::1'],
    ['::1', '::1'],
    ['', ''],
  ];
  for (const [authority, expected] of cases) {
    it(`is compared without case, port and trailing dot: "${authority}"`, () => {
      assert.equal(hostOfAuthority(authority), expected);
    });
  }
  it('a dialled host has no port', () => {
    assert.equal(canonicalHost('A.B.'), 'a.b');
    assert.equal(canonicalHost('[::1]'), '::1');
    assert.equal(canonicalHost('.'), '.');
  });
});
