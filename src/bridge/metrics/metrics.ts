/** What Prometheus is told. Durations are seconds. */

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { BridgeState } from '../admin';
import type { PushTimes } from '../mcp';

const PREFIX = 'inmesh_bridge_';
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const STATES = ['connecting', 'up', 'down'] as const;

export class BridgeMetrics {
  private readonly registry = new Registry();
  private readonly pushSeconds = this.histogram(
    'push_seconds',
    'First news of a change to the response being handed to the connection, without waiting for the ACK of the push before.',
  );
  private readonly writeSeconds = this.histogram(
    'write_seconds',
    'From then until the connection took the last byte: how fast the control plane reads.',
  );
  private readonly ackWaitSeconds = this.histogram(
    'ack_wait_seconds',
    'How long the ACK of the push before held a push up.',
  );
  private readonly ackSeconds = this.histogram('ack_seconds', 'Sending a response to its acknowledgement.');
  private readonly renderSeconds = this.histogram(
    'render_seconds',
    'Encoding what changed and putting the response together.',
  );
  private readonly responses = this.counter('responses_total', 'Responses sent, of every type.');
  private readonly responseBytes = this.counter(
    'response_bytes_total',
    'Bytes of responses sent, of every type.',
  );
  private readonly refused = this.counter('refused_total', 'Responses that a control plane refused.');
  private readonly reloads = this.counter('config_reloads_total', 'Changes of the configuration file.', [
    'result',
  ]);
  private readonly snapshotBytes = this.gauge('snapshot_bytes', 'Size of the last snapshot on disk.');
  private readonly snapshotTime = this.gauge(
    'snapshot_timestamp_seconds',
    'When the last snapshot was written.',
  );
  private readonly snapshotFailures = this.counter(
    'snapshot_failures_total',
    'Snapshots that could not be written.',
  );
  private readonly freezes = this.counter(
    'freezes_total',
    'Times that services emptied in a mass and were kept.',
    ['source'],
  );

  constructor(private readonly state: BridgeState) {
    collectDefaultMetrics({ register: this.registry });
    this.collectContent();
    this.collectSources();
    this.collectRejections();
    this.collectStreams();
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  text(): Promise<string> {
    return this.registry.metrics();
  }

  written({ ownMs, ackWaitMs, writeMs }: PushTimes): void {
    this.pushSeconds.observe(ownMs / 1000);
    this.ackWaitSeconds.observe(ackWaitMs / 1000);
    this.writeSeconds.observe(writeMs / 1000);
  }

  sent(bytes: number): void {
    this.responses.inc();
    this.responseBytes.inc(bytes);
  }

  acked(ms: number): void {
    this.ackSeconds.observe(ms / 1000);
  }

  rendered(ms: number): void {
    this.renderSeconds.observe(ms / 1000);
  }

  refusal(): void {
    this.refused.inc();
  }

  reloaded(result: 'applied' | 'refused'): void {
    this.reloads.inc({ result });
  }

  snapshotWritten(bytes: number, now: number): void {
    this.snapshotBytes.set(bytes);
    this.snapshotTime.set(now / 1000);
  }

  snapshotFailed(): void {
    this.snapshotFailures.inc();
  }

  frozen(source: string): void {
    this.freezes.inc({ source });
  }

  private collectContent(): void {
    const { state } = this;
    this.gauge(
      'open',
      '1: ServiceEntries are served; 0: the first synchronisation is waited for.',
      [],
      (gauge) => gauge.set(state.snapshot ? 1 : 0),
    );
    this.gauge('entries', 'ServiceEntries served.', [], (gauge) =>
      gauge.set(state.snapshot?.entries.size ?? 0),
    );
    this.gauge('sidecars', 'Sidecars served.', [], (gauge) => gauge.set(state.snapshot?.sidecars?.size ?? 0));
    this.gauge('endpoints', 'Endpoints served.', [], (gauge) => {
      let endpoints = 0;
      for (const entry of state.snapshot?.entries.values() ?? []) endpoints += entry.endpoints.length;
      gauge.set(endpoints);
    });
  }

  private collectSources(): void {
    const { state } = this;
    this.gauge('services', 'Services that the registry lists.', ['source', 'type'], (gauge) => {
      for (const { name: source, type, services } of state.sources()) gauge.set({ source, type }, services);
    });
    this.gauge('instances', 'Instances that the registry lists.', ['source', 'type'], (gauge) => {
      for (const { name: source, type, instances } of state.sources()) gauge.set({ source, type }, instances);
    });
    this.gauge(
      'source_state',
      '1 for the state that the source is in.',
      ['source', 'type', 'state'],
      (gauge) => {
        for (const { name: source, type, state: now } of state.sources())
          for (const each of STATES) gauge.set({ source, type, state: each }, now === each ? 1 : 0);
      },
    );
    this.gauge(
      'source_synchronised',
      '1: everything that the registry has was read since the last contact.',
      ['source', 'type'],
      (gauge) => {
        for (const { name: source, type, synchronised } of state.sources())
          gauge.set({ source, type }, synchronised ? 1 : 0);
      },
    );
    this.gauge(
      'source_staleness_seconds',
      'Age of the state that is served while the source is out of touch; 0 while it is in touch.',
      ['source', 'type'],
      (gauge) => {
        for (const { name: source, type, state: now, silentMs } of state.sources()) {
          const age = silentMs ?? Date.now() - state.startedAt;
          gauge.set({ source, type }, now === 'up' ? 0 : age / 1000);
        }
      },
    );
    this.gauge(
      'frozen',
      'Services that emptied in a mass and are kept as they were.',
      ['source', 'type'],
      (gauge) => {
        for (const { name: source, type, frozen } of state.sources()) gauge.set({ source, type }, frozen);
      },
    );
  }

  private collectRejections(): void {
    this.gauge(
      'rejected',
      'Instances and services that are not served, by reason.',
      ['source', 'code'],
      (gauge) => {
        for (const { source, code } of this.state.rejections()) gauge.inc({ source, code });
      },
    );
  }

  private collectStreams(): void {
    this.gauge('exported', 'Instances published in Nacos.', ['host'], (gauge) => {
      for (const { host, published } of this.state.exports()) gauge.inc({ host }, published);
    });
    this.gauge('streams', 'Connected control planes.', ['protocol'], (gauge) => {
      gauge.set({ protocol: 'sotw' }, 0);
      gauge.set({ protocol: 'delta' }, 0);
      for (const { protocol } of this.state.clients()) gauge.inc({ protocol });
    });
  }

  private histogram(name: string, help: string): Histogram {
    return new Histogram({ name: PREFIX + name, help, buckets: SECONDS, registers: [this.registry] });
  }

  private counter<L extends string>(name: string, help: string, labelNames: readonly L[] = []): Counter<L> {
    return new Counter<L>({
      name: PREFIX + name,
      help,
      labelNames: [...labelNames],
      registers: [this.registry],
    });
  }

  /** `collect` sets the values when they are asked for; those from before are forgotten. */
  private gauge<L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[] = [],
    collect?: (gauge: Gauge<L>) => void,
  ): Gauge<L> {
    return new Gauge<L>({
      name: PREFIX + name,
      help,
      labelNames: [...labelNames],
      registers: [this.registry],
      ...(collect && {
        collect() {
          this.reset();
          collect(this);
        },
      }),
    });
  }
}
