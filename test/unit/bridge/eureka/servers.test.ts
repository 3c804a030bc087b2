/** Which server is asked first, and which then. */
import { strict as assert } from 'node:assert';
import { Value } from '@sinclair/typebox/value';
import { type EurekaConfig, eurekaSchema, serversOf } from '../../../../src/bridge/source/eureka/config';

const order = (more: object) =>
  serversOf(Value.Default(eurekaSchema, { type: 'eureka', name: 'e', ...more }) as EurekaConfig);

describe('the servers of a Eureka source', () => {
  const zones = {
    a: ['http://a1/eureka/', 'http://a2/eureka'],
    b: ['http://b1/eureka'],
    c: ['http://c1/eureka'],
  };

  it('of the own zone first, then those of no zone, then all others, each once', () => {
    assert.deepEqual(order({ zones, zone: 'b', servers: ['http://x/eureka', 'http://a1/eureka'] }), [
      ...['http://b1/eureka', 'http://x/eureka', 'http://a1/eureka'],
      ...['http://a2/eureka', 'http://c1/eureka'],
    ]);
  });

  it('without an own zone, or with one that has none, in the order in which they are written', () => {
    const all = ['http://a1/eureka', 'http://a2/eureka', 'http://b1/eureka', 'http://c1/eureka'];
    assert.deepEqual(order({ zones }), all);
    assert.deepEqual(order({ zones, zone: 'nowhere' }), all);
    assert.throws(() => order({}), /needs `servers` or `zones`/);
  });
});
