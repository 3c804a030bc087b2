import { strict as assert } from 'node:assert';
import {
  applicationKey,
  combinedStanding,
  interfaceKey,
  nameFromParams,
  parseColonName,
  parseNacosName,
  standingOf,
} from '../../../../src/bridge/dubbo';

describe('names of Dubbo services', () => {
  it('a key keeps empty parts', () => {
    assert.equal(interfaceKey({ interface: 'a.B', group: '', version: '' }), 'interface//a.B:');
    assert.equal(interfaceKey({ interface: 'a.B', group: 'g', version: '1.0' }), 'interface/g/a.B:1.0');
    assert.equal(applicationKey('shop'), 'application/shop');
  });

  it('come from parameters, from the path where a simplified URL has no interface', () => {
    assert.deepEqual(nameFromParams({ group: 'g' }, 'a.B'), { interface: 'a.B', group: 'g', version: '' });
    assert.deepEqual(nameFromParams({ interface: 'c.D', version: '0.0.0' }, 'a.B'), {
      interface: 'c.D',
      group: '',
      version: '',
    });
  });

  it('of rules: interface:version:group', () => {
    assert.deepEqual(parseColonName('a.B:1.0:g'), { interface: 'a.B', version: '1.0', group: 'g' });
    assert.deepEqual(parseColonName('a.B::'), { interface: 'a.B', version: '', group: '' });
    assert.deepEqual(parseColonName('a.B'), { interface: 'a.B', version: '', group: '' });
    assert.equal(parseColonName(':1.0:g'), undefined);
  });

  it('of Nacos services, with or without empty parts', () => {
    const name = { interface: 'a.B', version: '1.0', group: 'g' };
    assert.deepEqual(parseNacosName('providers:a.B:1.0:g'), { ...name, category: 'providers' });
    assert.deepEqual(parseNacosName('consumers:a.B:1.0:g'), { ...name, category: 'consumers' });
    assert.deepEqual(parseNacosName('providers:a.B::'), {
      interface: 'a.B',
      version: '',
      group: '',
      category: 'providers',
    });
    for (const other of ['orders', 'providers', 'providers:', 'provider:a.B:1:g', 'a:b'])
      assert.equal(parseNacosName(other), undefined);
  });
});

describe('standing of a provider', () => {
  it('is what its parameters say; 100 is the weight of one that says nothing', () => {
    assert.deepEqual(standingOf({}), { weight: 100, enabled: true });
    assert.deepEqual(standingOf({ weight: '7' }), { weight: 7, enabled: true });
    assert.deepEqual(standingOf({ weight: '0', disabled: 'false' }), { weight: 0, enabled: true });
    assert.deepEqual(standingOf({ weight: '-1', disabled: 'true' }), { weight: -1, enabled: false });
    for (const weight of ['', ' ', 'many', 'NaN', 'Infinity'])
      assert.deepEqual(standingOf({ weight }), { weight: 100, enabled: true });
    assert.equal(standingOf({ enabled: 'false' }).enabled, false);
  });

  it('of one known at both levels is the first, less a switch-off at either', () => {
    const on = { weight: 30, enabled: true };
    assert.deepEqual(combinedStanding(on, { weight: 9, enabled: true }), on);
    assert.deepEqual(combinedStanding(on, { weight: 0, enabled: true }), { weight: 0, enabled: true });
    assert.deepEqual(combinedStanding({ weight: 0, enabled: true }, on), { weight: 0, enabled: true });
    assert.deepEqual(combinedStanding(on, { weight: 30, enabled: false }), { weight: 30, enabled: false });
  });
});
