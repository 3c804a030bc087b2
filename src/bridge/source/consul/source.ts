/** Follows the datacenters of one Consul. */

import { Pause, Retry } from '../../http';
import type { Source, SourceContext, SourceSink, SourceState } from '../../model';
import { ConsulAgent } from './agent';
import { readDatacenters } from './answer';
import type { ConsulConfig } from './config';
import { Datacenter } from './datacenter';

/** How often the list of datacenters is read; Consul cannot hold that question open. */
const DATACENTERS_MS = 60_000;

export function createConsulSource(config: ConsulConfig, context: SourceContext): Source {
  return new ConsulSource(config, context);
}

class ConsulSource implements Source {
  readonly type = 'consul';
  readonly name: string;
  private readonly agent: ConsulAgent;
  private readonly retry: Retry;
  private readonly pause = new Pause();
  private readonly datacenters = new Map<string, Datacenter>();
  private sink!: SourceSink;
  private running: Promise<void> | undefined;
  private stopped = false;
  /** Why the datacenters could not be listed. */
  private failure: string | undefined;
  private listed = false;
  private state: SourceState = 'connecting';
  private detail = '';

  constructor(
    private readonly config: ConsulConfig,
    private readonly context: SourceContext,
  ) {
    this.name = config.name;
    this.agent = new ConsulAgent(config, context.now);
    this.retry = new Retry({ baseMs: 500, capMs: 15_000, random: context.random });
  }

  start(sink: SourceSink): void {
    this.sink = sink;
    sink.state('connecting');
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.pause.end();
    this.agent.close();
    await Promise.all([...this.datacenters.values()].map((each) => each.stop()));
    await this.running;
  }

  private async run(): Promise<void> {
    const { datacenters } = this.config;
    if (datacenters !== 'all' && datacenters.length > 0) {
      this.listed = true;
      this.follow(datacenters);
      return;
    }
    while (!this.stopped) {
      const wait = await this.list();
      // The agent's own datacenter does not change.
      if (this.listed && datacenters !== 'all') return;
      await this.pause.wait(wait);
    }
  }

  /** Gives the milliseconds until the next time. */
  private async list(): Promise<number> {
    try {
      const { json } = await this.agent.ask({ path: '/v1/catalog/datacenters', datacenter: '' });
      if (this.stopped) return 0;
      // In the order of their distance: the first is the agent's own.
      const names = readDatacenters(json);
      this.failure = undefined;
      this.listed = true;
      this.follow(this.config.datacenters === 'all' ? names : names.slice(0, 1));
      this.retry.good();
      return DATACENTERS_MS;
    } catch (error) {
      if (this.stopped) return 0;
      this.failure = (error as Error).message;
      this.tell();
      return this.retry.next();
    }
  }

  private follow(names: readonly string[]): void {
    const { agent, config, context, sink } = this;
    for (const [name, datacenter] of this.datacenters) {
      if (names.includes(name)) continue;
      this.datacenters.delete(name);
      void datacenter.stop();
      datacenter.forget();
    }
    for (const name of names) {
      if (this.datacenters.has(name)) continue;
      const connections = () => Math.floor(config.maxConnections / this.datacenters.size);
      const changed = () => this.tell();
      this.datacenters.set(
        name,
        new Datacenter({ name, agent, config, context, sink, connections, changed }),
      );
    }
    this.tell();
  }

  /** The source is up when all of it is as Consul has it now. */
  private tell(): void {
    if (this.stopped) return;
    const all = [...this.datacenters];
    const failures = all.flatMap(([name, { failure }]) =>
      failure ? [`datacenter ${name}: ${failure}`] : [],
    );
    if (this.failure) failures.push(this.failure);
    if (failures.length > 0) this.become('down', failures.join('; '));
    else if (this.listed && all.every(([, { complete }]) => complete)) this.become('up', '');
  }

  private become(state: SourceState, detail: string): void {
    if (state === this.state && detail === this.detail) return;
    const isNew = state !== this.state;
    this.state = state;
    this.detail = detail;
    if (state === 'up') this.sink.synced();
    this.sink.state(state, detail || undefined);
    if (!isNew) return;
    const datacenters = [...this.datacenters.keys()];
    if (state === 'up') this.context.log.info('consul.connected', { source: this.name, datacenters });
    else this.context.log.warn('consul.unreachable', { source: this.name, detail });
  }
}
