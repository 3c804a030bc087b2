/** The registries read once, without a port: for `--once` and `probe`. */

import type { Log } from '../../observe';
import { Catalogue, systemClock } from '../catalogue';
import type { BridgeConfig } from '../config';
import { compileRules } from '../convert';
import type { Rejection, ServedSnapshot } from '../model';
import { BridgeLog } from './log';
import { originsOf, type ServiceOrigins } from './migration';
import { SidecarMaker } from './sidecar-maker';
import { type MakeSource, makeSource, RunningSources } from './sources';

export interface FirstState {
  readonly snapshot: ServedSnapshot;
  readonly rejections: readonly Rejection[];
  /** Where the instances of each service are. */
  readonly origins: readonly ServiceOrigins[];
  /** Sources that could not be read in time, with what they said last. */
  readonly missing: readonly { readonly name: string; readonly detail: string }[];
}

/** Waits for every source, but no longer than each one's `syncTimeoutMs`. Rejects when a source cannot be made. */
export async function readOnce(
  config: BridgeConfig,
  log: Log,
  make: MakeSource = makeSource,
): Promise<FirstState> {
  const bridgeLog = new BridgeLog(log);
  const catalogue = new Catalogue({
    catalogue: config.catalogue,
    convert: config.convert,
    sources: config.sources.map(({ name, type, convert, syncTimeoutMs }) => ({
      name,
      type,
      convert,
      // For ever would be too long for somebody who waits for an answer.
      catalogue: { syncTimeoutMs, required: false },
    })),
    clock: { ...systemClock, after: keepingAlive },
    log: bridgeLog.source(),
  });
  const sources = new RunningSources(make, bridgeLog);
  try {
    await new Promise<void>((resolve) => {
      const leave = catalogue.onChange(() => {
        leave();
        resolve();
      });
      catalogue.start();
      sources.apply(config.sources, catalogue);
    });
    const missing = catalogue.sources().filter(({ synchronised }) => !synchronised);
    const snapshot = withSidecars(config, catalogue, sources);
    const rules = compileRules(config.convert, config.sources);
    const origins = originsOf(rules, catalogue.services(), (source, key) => sources.service(source, key));
    return { snapshot, rejections: [...catalogue.rejections()], origins, missing };
  } finally {
    await sources.stop();
    catalogue.close();
  }
}

function withSidecars(config: BridgeConfig, catalogue: Catalogue, sources: RunningSources): ServedSnapshot {
  let snapshot = catalogue.snapshot!;
  const maker = new SidecarMaker({
    snapshot: () => catalogue.snapshot,
    reports: () => catalogue.services(),
    service: (source, key) => sources.service(source, key),
    consumers: () => sources.consumers(),
    awaited: () => undefined,
    givenUp: () => undefined,
    made: (sidecars) => {
      if (sidecars) snapshot = { ...snapshot, sidecars };
    },
  });
  maker.apply(config);
  maker.make();
  maker.stop();
  return snapshot;
}

function keepingAlive(ms: number, callback: () => void): () => void {
  const timer = setTimeout(callback, ms);
  return () => clearTimeout(timer);
}
