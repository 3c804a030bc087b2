import type { ClusterSnapshot, HostService, Locality } from '../model';
import { clustersOf, instancesOf } from './destinations';
import type { MeshInstance } from './instance';

const NO_INSTANCES: readonly MeshInstance[] = [];

interface PortAnswers {
  asked: boolean;
  /** undefined = not answered. */
  https?: HostService | null;
  http?: HostService | null;
}

/** One host that a registry's name stands for: on which port it is found, and its instances there. */
export class MeshHost {
  readonly #ports = new Map<number, PortAnswers>();
  #allExpected = false;
  #known = false;
  #servicePort: number | undefined;
  #clusters: readonly string[] = [];
  #instances = NO_INSTANCES;

  constructor(
    /** Lower case, no trailing dot. */
    readonly host: string,
    /** undefined = 80, else the lowest it is found on (decision 25). */
    readonly port: number | undefined,
    private readonly home: Locality,
  ) {}

  /** The mesh has said whether there is such a host, and what it has. */
  get known(): boolean {
    return this.#known;
  }

  /** By which port calls reach it; undefined = it is not in the mesh. */
  get servicePort(): number | undefined {
    return this.#servicePort;
  }

  get instances(): readonly MeshInstance[] {
    return this.#instances;
  }

  /** Ports, in order of preference, on which it may be; `all`: there are no others. */
  expect(ports: readonly number[], all: boolean): void {
    const former = new Map(this.#ports);
    this.#ports.clear();
    for (const port of ports) this.#ports.set(port, former.get(port) ?? { asked: false });
    this.#allExpected = all;
  }

  /** Ports that were not asked about yet; they count as asked from now on. */
  toAsk(): number[] {
    const ports = [...this.#ports].filter(([, answers]) => !answers.asked);
    for (const [, answers] of ports) answers.asked = true;
    return ports.map(([port]) => port);
  }

  /** True if this is an answer to one of its questions. */
  answer(scheme: 'http' | 'https', port: number, service: HostService | null): boolean {
    const answers = this.#ports.get(port);
    if (answers === undefined) return false;
    answers[scheme] = service;
    return true;
  }

  /** The port is the preferred one that has the host: its routes decide about its destinations. */
  wantsRoutes(port: number): boolean {
    const answers = this.#ports.get(port);
    return answers !== undefined && answers.http === undefined;
  }

  uses(cluster: string): boolean {
    return this.#clusters.includes(cluster);
  }

  /** Looks at all answers again. True if the instances are others, or known for the first time. */
  refresh(clusters: ReadonlyMap<string, ClusterSnapshot>): boolean {
    const found = this.#find();
    if (found === undefined) return false;
    const wasKnown = this.#known;
    const [port, service] = found;
    const formerPort = this.#servicePort;
    this.#known = true;
    this.#servicePort = port;
    this.#clusters = service === undefined ? [] : clustersOf(service);
    const snapshots = this.#clusters.flatMap((name) => clusters.get(name) ?? []);
    const instances = port === undefined ? NO_INSTANCES : instancesOf(snapshots, this.host, port, this.home);
    const same = sameInstances(instances, this.#instances);
    if (!same) this.#instances = instances;
    return !wasKnown || !same || formerPort !== port;
  }

  /** The first port that has it. undefined = not all that counts is answered. */
  #find(): readonly [number | undefined, HostService | undefined] | undefined {
    for (const [port, { https, http }] of this.#ports) {
      if (https === undefined) return undefined;
      if (https === null) continue;
      if (http === undefined) return undefined;
      return [port, http ?? https];
    }
    return this.#allExpected ? [undefined, undefined] : undefined;
  }
}

function sameInstances(a: readonly MeshInstance[], b: readonly MeshInstance[]): boolean {
  return (
    a.length === b.length &&
    a.every((one, at) => {
      const other = b[at]!;
      return one.key === other.key && one.weight === other.weight && one.servicePort === other.servicePort;
    })
  );
}
