/** Follows `bridge.yaml` while the process runs. */

import { unwatchFile, watchFile } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { type LoadedConfig, loadConfig } from './load';
import type { BridgeConfig } from './schema';

export interface ConfigFileEvents {
  changed(config: BridgeConfig): void;
  /** The new content cannot be used; the one from before stays. Told once per content. */
  refused(problems: LoadedConfig['problems']): void;
}

/** Polled: a ConfigMap changes by swapping symbolic links, which file events miss. */
const POLL_MS = 1_000;

export class ConfigFile {
  private readonly listener = () => void this.reload();
  private lastRefusal = '';

  constructor(
    private readonly file: string,
    private config: BridgeConfig,
    private readonly events: ConfigFileEvents,
  ) {}

  /** Does not keep the process alive. */
  follow(pollMs = POLL_MS): void {
    watchFile(this.file, { persistent: false, interval: pollMs }, this.listener);
  }

  stop(): void {
    unwatchFile(this.file, this.listener);
  }

  /** Reads it now: at a change, and on SIGHUP (a variable's or a secret's value may be new). */
  async reload(): Promise<void> {
    const { config, problems } = await loadConfig(this.file);
    if (!config) {
      const refusal = JSON.stringify(problems);
      if (refusal !== this.lastRefusal) this.events.refused(problems);
      this.lastRefusal = refusal;
      return;
    }
    this.lastRefusal = '';
    if (isDeepStrictEqual(config, this.config)) return;
    this.config = config;
    this.events.changed(config);
  }
}
