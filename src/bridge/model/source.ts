/** The seam between a registry's client (mechanism, one folder each) and the bridge. */
import type { RegistryProblem, RegistryService } from './registry';

/** `connecting` until the first contact; `down` keeps the last state and goes on trying by itself. */
export type SourceState = 'connecting' | 'up' | 'down';

/** What a source reports. No method throws or waits; each takes effect at once. */
export interface SourceSink {
  /** A service is new or any of it changed: its whole present state. An empty instance list is a truth of the registry. */
  update(service: RegistryService): void;
  /** The registry no longer lists the service at all. */
  remove(key: string): void;
  /** Everything that the registry has now was reported. Called after every full (re)synchronisation. */
  synced(): void;
  /** `detail`: one sentence for the operator, such as the refusal's text. */
  state(state: SourceState, detail?: string): void;
  /** Replaces what was reported before for the same service and instance; `undefined` takes it back. */
  problem(service: string, instance: string | undefined, problem: RegistryProblem | undefined): void;
}

/** One registry (or one namespace set of it), as configured. */
export interface Source {
  /** The operator's name for it, unique in the configuration. */
  readonly name: string;
  /** `nacos`, `zookeeper`, `eureka`, `consul`. */
  readonly type: string;
  /** Never throws and never gives up: what fails is told by `sink.state` and tried again. */
  start(sink: SourceSink): void;
  /** Closes every connection and timer. Resolves when nothing of it is left. */
  stop(): Promise<void>;
}

/** What a source is made with, besides its own configuration. Time and randomness come in, for tests. */
export interface SourceContext {
  readonly log: SourceLog;
  /** 0 ≤ x < 1: jitter of back-off. */
  readonly random: () => number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Structured lines: `event` is a stable name such as `nacos.connected`. */
export interface SourceLog {
  info(event: string, fields: Readonly<Record<string, unknown>>): void;
  warn(event: string, fields: Readonly<Record<string, unknown>>): void;
}
