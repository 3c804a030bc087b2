import { strict as assert } from 'node:assert';
import { readAnswer } from '../../../../src/bridge/source/eureka/answer';
import { EurekaRegistry } from '../../../../src/bridge/source/eureka/registry';
import { Settling } from '../../../../src/bridge/source/eureka/settling';

function registryOf(...ids: string[]): EurekaRegistry {
  const instance = ids.map((instanceId) => ({ instanceId, status: 'UP' }));
  const registry = new EurekaRegistry();
  registry.apply(readAnswer(JSON.stringify({ applications: { application: [{ name: 'A', instance }] } })));
  return registry;
}

const ids = (settling: Settling, registry: EurekaRegistry) => settling.of('A', registry).map(({ id }) => id);

describe('what a Eureka server lost', () => {
  it('is believed in until its time is over, or until it has come back', () => {
    const settling = new Settling();
    settling.begin(registryOf('a', 'b', 'c'), registryOf('a'), 100);
    assert.deepEqual(ids(settling, registryOf('a')), ['b', 'c']);
    assert.deepEqual(ids(settling, registryOf('a', 'c')), ['b']);
    assert.deepEqual(settling.over(99), []);
    assert.deepEqual(settling.over(100), ['A']);
    assert.deepEqual(ids(settling, registryOf('a')), []);
    assert.deepEqual(settling.over(200), []);
  });

  it('keeps its time when the server is lost again meanwhile', () => {
    const settling = new Settling();
    settling.begin(registryOf('a', 'b'), registryOf('a'), 100);
    settling.begin(registryOf('a'), registryOf(), 150);
    assert.deepEqual(ids(settling, registryOf()), ['b', 'a']);
    assert.deepEqual(settling.over(100), ['A']);
    assert.deepEqual(ids(settling, registryOf()), ['a']);
    assert.deepEqual(settling.over(150), ['A']);
    assert.deepEqual(ids(settling, registryOf()), []);
  });
});
