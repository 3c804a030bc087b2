/**
 * A bridge over a generated registry, beside a real Nacos if there is one, as a program of its own, so that its memory
 * is its own. Its argument is a `ScaleSettings`. Told by messages: `{ change: n }` makes n changes; `{ ask: true }` is
 * answered with where it stands.
 */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { startBridge } from '../../../src/bridge';
import { makeSource } from '../../../src/bridge/main/sources';
import { GeneratedRegistry, type ScaleLoad } from './scale-load';
import { bridgeYaml, configOf, RecordedLog, ScriptedSource } from './scripted-source';

export interface ScaleSettings {
  readonly load: ScaleLoad;
  /** `127.0.0.1:port` of a real Nacos. */
  readonly nacos?: string;
}

export interface Standing {
  /** MiB, after a collection. */
  readonly rss: number;
  /** MiB of objects in use, after a collection. */
  readonly heap: number;
  /** MiB, the most since it was asked before. */
  readonly peak: number;
  /** CPU seconds since the start. */
  readonly cpu: number;
  readonly version: string;
  readonly pushes: number;
  /** Upper bounds of 99th percentiles, seconds; 0 while there was no push. */
  readonly p99: { readonly push: number; readonly write: number; readonly ackWait: number };
}

const MIB = 1 << 20;

async function main({ load, nacos }: ScaleSettings): Promise<void> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const registry = new GeneratedRegistry(load);
  const generated = new ScriptedSource('generated', (sink) => void registry.start(sink));
  const real = nacos === undefined ? '' : `  - { name: real, type: nacos, servers: ["${nacos}"] }\n`;
  const yaml = bridgeYaml('', real)
    .replace('minPushIntervalMs: 10', 'minPushIntervalMs: 100')
    .replace('name: nacos', 'name: generated');
  const log = new RecordedLog();
  const bridge = await startBridge({
    config: configOf(yaml),
    log,
    makeSource: (config, ...more) => (config.name === 'generated' ? generated : makeSource(config, ...more)),
  });
  let peak = 0;
  setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().rss / MIB);
    log.lines.length = 0;
  }, 100).unref();
  process.on('message', async (message: { readonly change?: number; readonly ask?: boolean }) => {
    for (let i = 0; i < (message.change ?? 0); i++) registry.change();
    if (!message.ask) return;
    const most = peak;
    collect();
    peak = 0;
    const { user, system } = process.cpuUsage();
    const { rss, heapUsed } = process.memoryUsage();
    const metrics = await bridge.metrics.text();
    const p99 = (name: string) => percentile(metrics, name).p99;
    const standing: Standing = {
      rss: rss / MIB,
      heap: heapUsed / MIB,
      peak: most,
      cpu: (user + system) / 1e6,
      version: bridge.state().servedVersion('default') ?? '',
      pushes: percentile(metrics, 'push').pushes,
      p99: { push: p99('push'), write: p99('write'), ackWait: p99('ack_wait') },
    };
    process.send!(standing);
  });
  process.on('disconnect', () => process.exit());
  process.send!({ address: bridge.mcpAddress });
}

/** Of Prometheus' histogram. */
function percentile(metrics: string, name: string): { p99: number; pushes: number } {
  const line = new RegExp(`^inmesh_bridge_${name}_seconds_bucket\\{le="([\\d.]+|\\+Inf)"\\} (\\d+)$`, 'gm');
  const buckets = [...metrics.matchAll(line)].map(([, bound, count]) => ({
    bound: Number(bound),
    count: Number(count),
  }));
  const pushes = buckets.at(-1)?.count ?? 0;
  const p99 = buckets.find(({ count }) => count >= pushes * 0.99)?.bound;
  // `+Inf` is no number in JavaScript's reading.
  return { p99: pushes === 0 ? 0 : Number.isFinite(p99) ? p99! : Number.POSITIVE_INFINITY, pushes };
}

if (process.send) void main(JSON.parse(process.argv[2]!) as ScaleSettings);
