import { strict as assert } from 'node:assert';
import * as fc from 'fast-check';
import { altNames, hasName, matchesDns } from '../../../../src/transport/tls/names';

describe('names of a certificate, as Envoy compares them', () => {
  it('takes apart what Node prints', () => {
    assert.deepEqual(altNames('DNS:a.test, IP Address:10.0.0.1, URI:spiffe://x/y'), [
      { type: 'DNS', value: 'a.test' },
      { type: 'IP Address', value: '10.0.0.1' },
      { type: 'URI', value: 'spiffe://x/y' },
    ]);
    assert.deepEqual(altNames(''), []);
  });

  it('a name cannot pass for another by a comma in it (CVE-2021-44532)', () => {
    const names = altNames('DNS:"evil.test, DNS:good.test", URI:"x\\"y"')!;
    assert.deepEqual(names, [
      { type: 'DNS', value: 'evil.test, DNS:good.test' },
      { type: 'URI', value: 'x"y' },
    ]);
    assert.equal(hasName(names, ['good.test']), false);
  });

  it('compares without letter case, a wildcard in the first label only', () => {
    assert.ok(matchesDns('A.Test', 'a.tesT'));
    assert.ok(matchesDns('a.b.test', '*.b.test'));
    assert.ok(matchesDns('foobar.test', 'foo*.test'));
    assert.ok(matchesDns('foobar.test', 'f*r.test'));
    for (const [name, pattern] of [
      ['b.test', '*.b.test'],
      ['a.b.c.test', '*.c.test'],
      ['a.test', '*'],
      ['a.b.test', 'a.*.test'],
      ['xn--a.test', 'xn--*.test'],
      ['fr.test', 'fr*r.test'],
      ['abc.test', '*b*.test'],
      ['test', '*'],
    ] as const) {
      assert.equal(matchesDns(name, pattern), false, `${name} ${pattern}`);
    }
  });

  it('addresses, URIs and mail addresses are equal or not', () => {
    const names = altNames('IP Address:0:0:0:0:0:0:0:1, URI:spiffe://a, email:a@b.test, othername:x')!;
    assert.ok(hasName(names, ['::1']));
    assert.ok(hasName(names, ['spiffe://a']));
    assert.ok(hasName(names, ['a@b.test']));
    assert.equal(hasName(names, ['x', 'SPIFFE://a', '::2', '']), false);
    assert.equal(hasName(altNames('DNS:')!, ['']), false);
  });

  it('never throws, and a name that is wanted is found among any others', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const names = altNames(text);
        if (names !== undefined) hasName(names, ['a.test', text]);
      }),
    );
    const label = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/);
    fc.assert(
      fc.property(fc.array(fc.array(label, { minLength: 1, maxLength: 4 }), { minLength: 1 }), (all) => {
        const hosts = all.map((labels) => labels.join('.'));
        const names = altNames(hosts.map((host) => `DNS:${host}`).join(', '))!;
        assert.deepEqual(
          names.map(({ value }) => value),
          hosts,
        );
        assert.ok(hasName(names, [hosts[0]!.toUpperCase()]));
      }),
    );
  });
});
