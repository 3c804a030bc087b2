import { strict as assert } from 'node:assert';
import {
  type ApplicationInstance,
  type ResolverOptions,
  type Revision,
  RevisionResolver,
} from '../../../../src/bridge/dubbo';

const INFO = { app: 'shop', revision: 'r1', services: { s: { name: 'a.B', protocol: 'dubbo' } } };

function instance(more: Partial<ApplicationInstance> = {}): ApplicationInstance {
  return {
    id: 'i',
    application: 'shop',
    address: '10.0.0.1',
    port: 1,
    endpoints: [],
    revision: 'r1',
    metadataService: { protocol: 'tri', port: 2, version: '2.0.0' },
    metadata: {},
    healthy: true,
    enabled: true,
    ...more,
  };
}

interface Settled {
  readonly owners: readonly string[];
  readonly result: string;
}

let resolver: RevisionResolver | undefined;

function start(options: Partial<ResolverOptions>): {
  readonly settled: Settled[];
  readonly next: () => Promise<Settled>;
  readonly resolver: RevisionResolver;
} {
  const settled: Settled[] = [];
  let wake: () => void = () => undefined;
  let seen = 0;
  resolver = new RevisionResolver({
    stored: async () => undefined,
    retryBaseMs: 1,
    retryCapMs: 2,
    random: () => 0,
    settled: (owners, result: Revision | string) => {
      settled.push({
        owners,
        result: typeof result === 'string' ? result : `${result.services.length} services`,
      });
      wake();
    },
    ...options,
  });
  const next = async () => {
    while (settled.length === seen)
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    return settled[seen++]!;
  };
  return { settled, next, resolver };
}

afterEach(() => {
  resolver?.close();
  resolver = undefined;
});

describe('services of a revision', () => {
  it('are read once for all instances, from the metadata centre first', async () => {
    let reads = 0;
    const { next, resolver } = start({
      stored: async (application, revision) => {
        reads++;
        return JSON.stringify({ ...INFO, app: application, revision });
      },
      ask: () => Promise.reject(new Error('never asked')),
    });
    assert.equal(resolver.use('a', instance()), undefined);
    assert.equal(resolver.use('b', instance({ id: 'j' })), undefined);
    assert.deepEqual(await next(), { owners: ['a', 'b'], result: '1 services' });
    assert.equal(typeof resolver.use('c', instance({ id: 'k' })), 'object');
    assert.equal(reads, 1);
  });

  it('are asked of the provider when no centre has them', async () => {
    const { next, resolver } = start({ ask: async ({ revision }) => ({ ...INFO, revision }) });
    resolver.use('a', instance());
    assert.equal((await next()).result, '1 services');
  });

  it('are tried again until they are found; the same reason is told once', async () => {
    let tries = 0;
    const { settled, next, resolver } = start({
      ask: async () => {
        tries++;
        if (tries < 5) throw new Error('it sleeps');
        return INFO;
      },
    });
    resolver.use('a', instance());
    assert.equal((await next()).result, 'no metadata centre has it; it sleeps');
    assert.equal((await next()).result, '1 services');
    assert.equal(tries, 5);
    assert.equal(settled.length, 2);
  });

  it('of another revision than the one asked for are not taken', async () => {
    const { next, resolver } = start({ ask: async () => ({ ...INFO, revision: 'r2' }) });
    resolver.use('a', instance());
    assert.match((await next()).result, /the answer of 10\.0\.0\.1 is unusable: it is revision r2/);
  });

  it('a metadata centre that fails or talks nonsense does not keep the provider from being asked', async () => {
    for (const stored of [async () => 'nonsense', () => Promise.reject(new Error('down'))]) {
      const { next, resolver } = start({ stored, ask: async () => INFO });
      resolver.use('a', instance());
      assert.equal((await next()).result, '1 services');
      resolver.close();
    }
  });

  it('are no longer tried when nobody needs them, and forgotten', async () => {
    let tries = 0;
    const { next, resolver } = start({
      stored: async () => {
        tries++;
        return undefined;
      },
    });
    resolver.use('a', instance());
    await next();
    resolver.release('a');
    const before = tries;
    await resolver.idle();
    assert.ok(tries <= before + 1);
    assert.equal(resolver.use('b', instance()), undefined);
    assert.equal((await next()).owners[0], 'b');
  });

  it('an instance that changes its revision leaves the former', async () => {
    const { next, resolver } = start({
      stored: async (_, revision) => JSON.stringify({ ...INFO, revision }),
    });
    resolver.use('a', instance());
    await next();
    resolver.use('a', instance({ revision: 'r2' }));
    assert.deepEqual((await next()).owners, ['a']);
    assert.equal(resolver.use('b', instance()), undefined, 'r1 was forgotten');
  });

  it('application and revision are apart, whatever is in their names', async () => {
    const { next, resolver } = start({ stored: async () => JSON.stringify({ services: {} }) });
    resolver.use('a', instance({ application: 'x","y', revision: 'z' }));
    resolver.use('b', instance({ application: 'x', revision: 'y","z' }));
    assert.equal((await next()).owners.length, 1);
    assert.equal((await next()).owners.length, 1);
  });
});
