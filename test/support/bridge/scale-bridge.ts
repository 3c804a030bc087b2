/**
 * A bridge over a scripted registry as a program of its own, so that its memory is its own. Told by messages:
 * `{ change: n }` makes n changes; `{ ask: true }` is answered with where it stands.
 */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { SourceSink } from '../../../src/bridge/model';
import { bridgeYaml, configOf, registryService, ScriptedSource, startScripted } from './scripted-source';

export interface Standing {
  /** MiB, after a collection. */
  readonly rss: number;
  /** MiB, the most so far. */
  readonly peak: number;
  /** CPU seconds since the start. */
  readonly cpu: number;
  readonly version: string;
  /** Upper bound of the 99th percentile, seconds; 0 while there was no push. */
  readonly p99: number;
  readonly pushes: number;
}

const MIB = 1 << 20;
const AT_ONCE = 100;

function service(index: number, change: number) {
  const addresses = Array.from(
    { length: 5 },
    (_, i) => `10.${index >> 8}.${index & 255}.${i + 1}:${8_000 + (i === 0 ? change % 1_000 : 0)}`,
  );
  const metadata = { version: 'v1', region: 'r1', 'preserved.register.source': 'SPRING_CLOUD' };
  return registryService(`service-${index}`, addresses, { metadata, cluster: 'DEFAULT' });
}

/** As answers of a registry arrive: some at a time. */
async function tellAll(sink: SourceSink, services: number): Promise<void> {
  for (let i = 0; i < services; i++) {
    sink.update(service(i, 0));
    if (i % AT_ONCE === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  sink.synced();
}

async function main(services: number): Promise<void> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const source = new ScriptedSource('nacos', (sink) => {
    sink.state('up');
    void tellAll(sink, services);
  });
  const config = configOf(bridgeYaml().replace('minPushIntervalMs: 10', 'minPushIntervalMs: 100'));
  const { bridge, log } = await startScripted(config, { nacos: source });
  let peak = 0;
  let changes = 0;
  setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().rss / MIB);
    log.lines.length = 0;
  }, 100).unref();
  process.on('message', async (message: { readonly change?: number; readonly ask?: boolean }) => {
    for (let i = 0; i < (message.change ?? 0); i++) {
      changes++;
      source.sink!.update(service((changes * 7_919) % services, changes));
    }
    if (!message.ask) return;
    collect();
    const { user, system } = process.cpuUsage();
    const { p99, pushes } = percentile(await bridge.metrics.text());
    const standing: Standing = {
      rss: process.memoryUsage().rss / MIB,
      peak,
      cpu: (user + system) / 1e6,
      version: bridge.state().servedVersion('default') ?? '',
      p99,
      pushes,
    };
    process.send!(standing);
  });
  process.on('disconnect', () => process.exit());
  process.send!({ address: bridge.mcpAddress });
}

/** Of Prometheus' histogram. */
function percentile(metrics: string): { p99: number; pushes: number } {
  const found = [...metrics.matchAll(/^inmesh_bridge_push_seconds_bucket\{le="([\d.]+|\+Inf)"\} (\d+)$/gm)];
  const buckets = found.map(([, bound, count]) => ({ bound: Number(bound), count: Number(count) }));
  const pushes = buckets.at(-1)?.count ?? 0;
  const p99 = buckets.find(({ count }) => count >= pushes * 0.99)?.bound ?? Number.POSITIVE_INFINITY;
  return { p99: pushes === 0 ? 0 : p99, pushes };
}

if (process.send) void main(Number(process.argv[2]));
