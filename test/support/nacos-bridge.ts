/** A Nacos source with its defaults, and what it reports. */

import { Value } from '@sinclair/typebox/value';
import {
  createNacosSource,
  type NacosConfig,
  type NacosSource,
  nacosSchema,
} from '../../src/bridge/source/nacos';
import { RecordingSink, testContext } from './source-sink';

export function nacosConfig(given: Readonly<Record<string, unknown>>): NacosConfig {
  return Value.Decode(nacosSchema, Value.Default(nacosSchema, { type: 'nacos', name: 'test', ...given }));
}

export interface RunningSource {
  readonly source: NacosSource;
  readonly sink: RecordingSink;
  readonly log: string[];
}

const running = new Set<NacosSource>();

export function startNacosSource(given: Readonly<Record<string, unknown>>): RunningSource {
  const log: string[] = [];
  const sink = new RecordingSink();
  const source = createNacosSource(nacosConfig(given), testContext(log));
  running.add(source);
  source.start(sink);
  return { source, sink, log };
}

/** For `afterEach`. */
export async function stopNacosSources(): Promise<void> {
  const all = [...running];
  running.clear();
  await Promise.all(all.map((source) => source.stop()));
}
