/**
 * After any sequence of added, changed, deleted and re-added services, routes and endpoints at a real istiod, a link
 * that has followed them all has the model that a fresh subscription has.
 */
import assert from 'node:assert/strict';
import { type Istiod, startIstiod } from '../../lab';
import type { Ask } from '../../src/link/protocol';
import { feedModel, modelDifferences } from '../support/feed-model';
import { linkSettings, type RunningLink, runLink, stopLinks } from '../support/link-harness';
import { linkInProcess } from '../support/link-in-process';
import {
  destinationRule,
  hostOf,
  serviceEntry,
  VERSION_SUBSETS,
  virtualService,
  yaml,
} from '../support/mesh-yaml';
import { drill, peer } from '../support/peer';
import { seededRandom } from '../support/seeded-random';

const SEQUENCES = drill({ short: 40, full: 200 });
const MOST_STEPS = 8;
const SEED = 20261121;
/** One sequence in so many happens while istiod is down. */
const RESTART_EVERY = 12;
const NAMESPACE = 'shop';
const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'];
const MARKER = `outbound|80||${hostOf('marker', NAMESPACE)}`;

const ASKS: readonly Ask[] = [
  ...NAMES.flatMap((name) => [
    { scheme: 'http' as const, port: 80, host: hostOf(name, NAMESPACE) },
    { scheme: 'http' as const, port: 80, host: name },
    { scheme: 'https' as const, port: 80, host: hostOf(name, NAMESPACE) },
  ]),
  { scheme: 'http', port: 80, host: hostOf('marker', NAMESPACE) },
  { scheme: 'http', port: 80, host: 'stranger.test' },
];

/** One service as the sequences change it. */
interface Service {
  readonly ports: number[];
  /** Services its route shares calls with; some do not exist. */
  readonly also: readonly string[];
  readonly mirror?: string;
  readonly subsets: boolean;
}

function render(name: string, { ports, also, mirror, subsets }: Service): string {
  const endpoints = ports.map((port, i) => ({
    address: '127.0.0.1',
    port,
    labels: { version: `v${(i % 2) + 1}` },
  }));
  const documents = [serviceEntry({ name, namespace: NAMESPACE, endpoints })];
  if (subsets) documents.push(destinationRule(name, { subsets: VERSION_SUBSETS }, NAMESPACE));
  if (subsets || also.length > 0 || mirror) {
    const own = { host: hostOf(name, NAMESPACE), ...(subsets ? { subset: 'v1' } : {}) };
    const others = also.map((other) => ({ host: hostOf(other, NAMESPACE) }));
    const destinations = [own, ...others];
    const route = destinations.map((destination, i) => ({
      destination,
      weight: i === 0 ? 100 - 10 * others.length : 10,
    }));
    const copy = mirror ? { mirror: { host: hostOf(mirror, NAMESPACE) } } : {};
    documents.push(virtualService(name, [{ route, ...copy }], NAMESPACE));
  }
  return yaml(...documents);
}

describe('random changes at a real istiod', function () {
  this.timeout(drill({ short: 120_000, full: 900_000 }));
  let istiod: Istiod;
  let long: RunningLink;
  const services = new Map<string, Service>();
  const deleted = new Map<string, Service>();
  const random = seededRandom(SEED);
  const below = (n: number) => Math.floor(random() * n);
  const pick = <T>(list: readonly T[]) => list[below(list.length)]!;

  before(async function () {
    istiod = peer(this, await startIstiod({ files: { 'marker.yaml': marker(0) } }));
    long = await runLink(linkSettings(`grpc://${istiod.xdsAddress}`));
    for (const { scheme, port, host } of ASKS) long.link.ask(scheme, port, host);
  });

  after(async () => {
    await stopLinks();
    await istiod?.stop();
  });

  /** A service whose endpoint says which sequence istiod has read. */
  function marker(sequence: number): string {
    const endpoints = [{ address: '127.0.0.1', port: 10_000 + sequence }];
    return serviceEntry({ name: 'marker', namespace: NAMESPACE, endpoints });
  }

  /** One change; gives the service to write. */
  function change(): string {
    const name = pick(NAMES);
    const service = services.get(name);
    const ports = () => Array.from({ length: below(4) }, () => 9000 + below(99));
    if (!service) {
      services.set(name, deleted.get(name) ?? { ports: ports(), also: [], subsets: random() < 0.5 });
    } else if (random() < 0.35) {
      deleted.set(name, service);
      services.delete(name);
    } else if (random() < 0.5) {
      services.set(name, { ...service, ports: ports() });
    } else {
      const also = [...new Set([pick(NAMES), pick(NAMES)])]
        .filter((other) => other !== name)
        .slice(0, below(3));
      const mirror = random() < 0.3 ? { mirror: pick(NAMES) } : {};
      services.set(name, { ports: service.ports, subsets: random() < 0.5, also, ...mirror });
    }
    return name;
  }

  async function apply(sequence: number): Promise<void> {
    const changed = new Set(Array.from({ length: 1 + below(MOST_STEPS) }, change));
    for (const name of changed) {
      const service = services.get(name);
      if (service) await istiod.write(`${name}.yaml`, render(name, service));
      else await istiod.remove(`${name}.yaml`);
    }
    await istiod.write('marker.yaml', marker(sequence));
  }

  it(`${SEQUENCES} sequences`, async () => {
    for (let sequence = 1; sequence <= SEQUENCES; sequence++) {
      const restart = sequence % RESTART_EVERY === 0;
      if (restart) await istiod.kill();
      await apply(sequence);
      if (restart) await istiod.restart();
      const read = () => long.feed.addresses(MARKER)[0] === `127.0.0.1:${10_000 + sequence}`;
      await long.feed.until(`the change of sequence ${sequence}`, read, 15_000);
      const fresh = linkInProcess(`grpc://${istiod.xdsAddress}`, ASKS);
      try {
        await fresh.feed.until('answers', () => fresh.feed.hosts.size === ASKS.length);
        const expected = feedModel(fresh.feed, ASKS);
        const same = () => JSON.stringify(feedModel(long.feed, ASKS)) === JSON.stringify(expected);
        await long.feed.until('the same model', same, 5000).catch(() => {
          const differences = modelDifferences(feedModel(long.feed, ASKS), expected);
          assert.fail(`sequence ${sequence} of seed ${SEED}: ${differences.join('\n')}`);
        });
      } finally {
        fresh.stop();
      }
    }
  });
});
