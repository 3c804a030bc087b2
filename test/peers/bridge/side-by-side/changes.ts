/** The same changes seen by a subscriber of Nacos and by a sidecar of each mesh, and how long each had to wait. */

import { setTimeout as pause } from 'node:timers/promises';
import type { RecordingSink } from '../../../support/bridge/recording-sink';
import { markdownTable } from '../../../support/registries/latency-table';
import { NacosHttp, type NacosInstance } from '../../../support/registries/nacos-http';
import { type Mesh, PORT, TRACKS, type Worlds } from './worlds';

/** One instance as an observer sees it; undefined: not there. */
interface Seen {
  readonly weight: number;
  readonly track: string;
}

type Observer = 'Nacos' | 'nacos-istio' | 'bridge';
const OBSERVERS: readonly Observer[] = ['Nacos', 'nacos-istio', 'bridge'];

const KINDS: readonly string[] = ['register', 'deregister', 'weight', 'metadata', 'enabled', 'health'];

/** Longer than anything that arrives at all takes. */
const PATIENCE_MS = 30_000;

/** Of an instance that stays without heartbeats. */
export const LASTING: Readonly<Record<string, string>> = {
  'preserved.heart.beat.timeout': '3600000',
  'preserved.ip.delete.timeout': '3600000',
};

/** Changes in one lane, a service of its own, one after another. */
type Lane = (service: string, change: number) => Promise<void>;

export class Changes {
  /** Milliseconds by kind and observer; undefined: it never arrived. */
  private readonly waits = new Map<string, Map<Observer, (number | undefined)[]>>();
  private readonly http: NacosHttp;
  /** Services that were made until now: each `new service` needs a name of its own. */
  private made = 0;
  private readonly kinds: Readonly<Record<string, Lane>> = {
    register: (service, change) => this.registration(service, change),
    weight: (service, change) => this.weight(service, change),
    metadata: (service, change) => this.metadata(service, change),
    enabled: (service, change) => this.enabled(service, change),
    health: (service, change) => this.health(service, change),
  };

  /** Each change comes at a random moment of `phaseMs`, so that it meets a poller anywhere in its interval. */
  constructor(
    private readonly worlds: Worlds,
    private readonly nacos: RecordingSink,
    private readonly phaseMs: number,
  ) {
    this.http = new NacosHttp(worlds.nacos.address);
  }

  /** The services that change when each kind has so many lanes. */
  static services(lanes: number): string[] {
    return ['register', 'weight', 'metadata', 'enabled', 'health'].flatMap((kind) =>
      Array.from({ length: lanes }, (_unused, lane) => `${kind}-${lane}`),
    );
  }

  /** All kinds and lanes at the same time. `changes` is of each kind, over all lanes. */
  async run(lanes: number, changes: number): Promise<void> {
    await Promise.all(Changes.services(lanes).map((service) => this.base(service)));
    await Promise.all(
      Changes.services(lanes).map(async (service) => {
        const lane = this.kinds[service.slice(0, service.lastIndexOf('-'))]!;
        for (let change = 0; change < Math.ceil(changes / lanes); change++) await lane(service, change);
      }),
    );
  }

  /** How many changes of a kind did not arrive. */
  missed(kind: string, observer: Observer): number {
    return this.of(kind, observer).filter((ms) => ms === undefined).length;
  }

  /** Those of single instances first, in the same order each time. */
  get measuredKinds(): readonly string[] {
    const ofInstances = KINDS.filter((kind) => this.waits.has(kind));
    return [...new Set([...ofInstances, ...this.waits.keys()])];
  }

  text(): string {
    const rows = this.measuredKinds.map((kind) => [
      kind,
      String(this.of(kind, 'Nacos').length),
      ...OBSERVERS.map((observer) => this.cell(kind, observer)),
    ]);
    const head = [
      'median / p99, ms',
      'n',
      "Nacos' own push",
      'nacos-istio, at the sidecar',
      'bridge, at the sidecar',
    ];
    return markdownTable(head, rows);
  }

  private cell(kind: string, observer: Observer): string {
    const all = this.of(kind, observer);
    const arrived = all.filter((ms) => ms !== undefined).sort((a, b) => a - b);
    const at = (share: number) => arrived[Math.min(arrived.length - 1, Math.floor(arrived.length * share))];
    if (arrived.length === 0) return 'never';
    const lost = all.length - arrived.length;
    return `${at(0.5)?.toFixed(0)} / ${at(0.99)?.toFixed(0)}${lost > 0 ? `; ${lost} never` : ''}`;
  }

  private of(kind: string, observer: Observer): (number | undefined)[] {
    return this.waits.get(kind)?.get(observer) ?? [];
  }

  /** An instance that stays, and the one that is edited. */
  private async base(service: string): Promise<void> {
    await this.http.register(instance(service, 250));
    await this.http.register(instance(service, 1));
    const sees = (seen: Seen | undefined) => seen !== undefined;
    await Promise.all(this.observers(service, instance(service, 1).ip, sees).map(({ arrived }) => arrived));
  }

  /**
   * The first instances of services, over `lanes`. `phaseMs`: the interval at which the slower of the two looks for names.
   * `kind` is the row.
   */
  async newServices(kind: string, lanes: number, changes: number, phaseMs: number): Promise<void> {
    const lane = async () => {
      for (let change = 0; change < Math.ceil(changes / lanes); change++) {
        const one = instance(`new-${this.made++}`, 1);
        for (const { sidecar, cluster } of this.meshes(one.serviceName)) sidecar.watch(cluster);
        const register = () => this.http.register(one);
        await this.measure(kind, one, register, (seen) => seen !== undefined, phaseMs);
        await this.http.deregister(one);
      }
    };
    await Promise.all(Array.from({ length: lanes }, lane));
  }

  private meshes(service: string) {
    return [this.worlds.nacosIstio, this.worlds.ours].map((mesh) => ({
      sidecar: mesh.sidecar,
      cluster: mesh.cluster(service),
    }));
  }

  private async registration(service: string, change: number): Promise<void> {
    const one = instance(service, 2 + change);
    await this.measure(
      'register',
      one,
      () => this.http.register(one),
      (seen) => seen !== undefined,
    );
    await this.measure(
      'deregister',
      one,
      () => this.http.deregister(one),
      (seen) => seen === undefined,
    );
  }

  private async weight(service: string, change: number): Promise<void> {
    const weight = 2 + (change % 2);
    const one = instance(service, 1, { weight });
    await this.measure(
      'weight',
      one,
      () => this.http.update(one),
      (seen) => seen?.weight === weight,
    );
  }

  private async metadata(service: string, change: number): Promise<void> {
    const track = TRACKS[change % 2]!;
    const one = instance(service, 1, { metadata: { ...LASTING, track } });
    await this.measure(
      'metadata',
      one,
      () => this.http.update(one),
      (seen) => seen?.track === track,
    );
  }

  private async enabled(service: string, change: number): Promise<void> {
    const enabled = change % 2 === 1;
    const one = instance(service, 1, { enabled });
    await this.measure(
      'enabled',
      one,
      () => this.http.update(one),
      (seen) => (seen !== undefined) === enabled,
    );
  }

  private async health(service: string, change: number): Promise<void> {
    const healthy = change % 2 === 1;
    const one = instance(service, 1, { healthy });
    await this.measure(
      'health',
      one,
      () => this.http.register(one),
      (seen) => (seen !== undefined) === healthy,
    );
  }

  private async measure(
    kind: string,
    { serviceName, ip }: NacosInstance,
    change: () => Promise<void>,
    arrived: (seen: Seen | undefined) => boolean,
    phaseMs = this.phaseMs,
  ): Promise<void> {
    await pause(Math.random() * phaseMs);
    const began = performance.now();
    const told = change();
    const waits = this.waits.get(kind) ?? new Map<Observer, (number | undefined)[]>();
    this.waits.set(kind, waits);
    await Promise.all([
      told,
      ...this.observers(serviceName, ip, arrived).map(async (each) => {
        const at = await each.arrived;
        const all = waits.get(each.observer) ?? [];
        waits.set(each.observer, all);
        all.push(at === undefined ? undefined : at - began);
      }),
    ]);
  }

  /** `arrived` resolves with the moment, or undefined when patience ends. */
  private observers(service: string, ip: string, wanted: (seen: Seen | undefined) => boolean) {
    const never = () => undefined;
    const what = `${ip} of ${service}`;
    const inMesh = (mesh: Mesh) =>
      mesh.sidecar.until(what, () => wanted(atSidecar(mesh, service, ip)), PATIENCE_MS).catch(never);
    const inNacos = this.nacos
      .until(() => wanted(atNacos(this.nacos, service, ip)), what, PATIENCE_MS)
      .then(() => performance.now(), never);
    const of = (observer: Observer, arrived: Promise<number | undefined>) => ({ observer, arrived });
    const { nacosIstio, ours } = this.worlds;
    return [of('Nacos', inNacos), of('nacos-istio', inMesh(nacosIstio)), of('bridge', inMesh(ours))];
  }
}

function instance(serviceName: string, last: number, more: Partial<NacosInstance> = {}): NacosInstance {
  return { serviceName, ip: `10.1.0.${last}`, port: PORT, metadata: LASTING, ...more };
}

function atNacos(sink: RecordingSink, service: string, ip: string): Seen | undefined {
  const listed = [...sink.services.values()].find(({ name }) => name === service);
  const one = listed?.instances.find(({ address }) => address === ip);
  if (!one?.enabled || !one.healthy) return undefined;
  return { weight: one.weight, track: one.metadata['track'] ?? '' };
}

function atSidecar(mesh: Mesh, service: string, ip: string): Seen | undefined {
  const of = (track: string) =>
    mesh.sidecar.endpoints(mesh.cluster(service, track)).find(({ address }) => address === ip);
  const one = of('');
  return one ? { weight: one.weight, track: TRACKS.find((track) => of(track)) ?? '' } : undefined;
}
