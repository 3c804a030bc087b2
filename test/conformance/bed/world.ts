/** One istiod with the objects of all cases, and for every kind of client an Envoy and a process under the preload. */

import {
  type Envoy,
  freePort,
  type Istiod,
  isSkipped,
  type Skipped,
  startEnvoy,
  startIstiod,
} from '../../../lab';
import { TYPE_URL } from '../../../src/xds';
import { ensureBuilt, ROOT } from '../../support/app';
import { fetchAll, type NodeOptions, sidecarNode, XdsClient } from '../../support/xds-client';
import { Backends } from './backends';
import { bootstrap, type Entrance } from './bootstrap';
import type { Case, ClientName } from './case';
import { type CaseRun, type Fill, runCase } from './run';
import { Side } from './side';

const LOCALITY = { region: 'r1', zone: 'z1', subZone: '' };

/** Who calls. Sidecar objects for these namespaces are in `cases/policy.ts`. */
const CLIENTS: Readonly<Record<ClientName, NodeOptions>> = {
  shop: { namespace: 'shop', locality: LOCALITY },
  labelled: { namespace: 'shop', labels: { app: 'web', tier: 'front' }, locality: LOCALITY },
  closed: { namespace: 'closed', locality: LOCALITY },
  scoped: { namespace: 'scoped', locality: LOCALITY },
};

/** What Envoy says of every configuration of istiod's. */
const ROUTINE = /Deprecated field|no configured limit/;

const MARKER = 'outbound|64999||marker.inmesh.test';
const MARKER_YAML = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: marker, namespace: shop}
spec:
  hosts: [marker.inmesh.test]
  resolution: STATIC
  ports: [{number: 64999, name: tcp, protocol: TCP}]
`;

interface Pair {
  readonly proxy: Envoy;
  readonly envoy: Side;
  readonly inmesh: Side;
}

export class World {
  private readonly pairs = new Map<ClientName, Pair>();

  private constructor(
    private readonly cases: readonly Case[],
    private readonly backends: Backends,
    private readonly istiod: Istiod,
  ) {}

  static async start(cases: readonly Case[]): Promise<World | Skipped> {
    const backends = new Backends();
    await backends.start();
    const texts = cases.map((each, at) => fillOf(at, backends)(each.yaml));
    let world: World | undefined;
    try {
      const istiod = await startIstiod({ files: { 'cases.yaml': [MARKER_YAML, ...texts].join('\n---\n') } });
      if (isSkipped(istiod)) {
        await backends.stop();
        return istiod;
      }
      world = new World(cases, backends, istiod);
      await ensureBuilt();
      for (const name of new Set(cases.map(({ client = 'shop' }) => client))) {
        const skipped = await world.add(name);
        if (skipped === undefined) continue;
        await world.stop();
        return skipped;
      }
      return world;
    } catch (error) {
      await (world ?? backends).stop();
      throw error;
    }
  }

  run(each: Case): Promise<CaseRun> {
    const pair = this.pairs.get(each.client ?? 'shop')!;
    return runCase(each, fillOf(this.cases.indexOf(each), this.backends), this.backends, pair);
  }

  /** The newest lines of everybody concerned, for a failed case. */
  log(each: Case): string {
    const pair = this.pairs.get(each.client ?? 'shop')!;
    const envoy = pair.proxy
      .log()
      .split('\n')
      .filter((line) => !ROUTINE.test(line));
    return `inmesh: ${newest(pair.inmesh.log.split('\n'))}\nEnvoy: ${newest(envoy)}`;
  }

  async stop(): Promise<void> {
    for (const { proxy, envoy, inmesh } of this.pairs.values()) {
      await Promise.all([inmesh.stop(), envoy.stop(), proxy.stop()]);
    }
    await Promise.all([this.istiod.stop(), this.backends.stop()]);
  }

  private async add(name: ClientName): Promise<Skipped | undefined> {
    const options = CLIENTS[name];
    const ports = this.ports(name);
    const node = sidecarNode(options);
    const address = this.istiod.xdsAddress;
    const listeners = new XdsClient(address, node);
    try {
      listeners.subscribe(TYPE_URL.listener);
      const resources = await fetchAll(address, node, ports);
      if (name === 'shop' && !resources.clusters.has(MARKER)) {
        throw new Error(`istiod refused the objects of the cases:\n${this.refusal()}`);
      }
      await listeners.until(() => listeners.resources(TYPE_URL.listener).size > 0, 'listeners');
      const entrances: Entrance[] = [];
      for (const servicePort of ports) entrances.push({ servicePort, listenPort: await freePort() });
      const snapshot = { ...resources, listeners: listeners.resources(TYPE_URL.listener) };
      const proxy = await startEnvoy(bootstrap(snapshot, entrances, this.backends.ports.get('b1')!));
      if (isSkipped(proxy)) return proxy;
      const byPort = new Map(entrances.map(({ servicePort, listenPort }) => [servicePort, listenPort]));
      this.pairs.set(name, {
        proxy,
        envoy: new Side(`${name} before Envoy`, {}, byPort),
        inmesh: new Side(`${name} under the preload`, this.agent(options), undefined),
      });
      return undefined;
    } finally {
      listeners.close();
    }
  }

  private agent({
    namespace = 'shop',
    labels = {},
    locality = LOCALITY,
  }: NodeOptions): Record<string, string> {
    return {
      NODE_OPTIONS: `--require "${ROOT}/preload.js"`,
      INMESH_XDS: `grpc://${this.istiod.xdsAddress}`,
      INMESH_LOCALITY: `${locality.region}/${locality.zone}`,
      INMESH_FIRST_USE_TIMEOUT: '10s',
      POD_NAME: 'client',
      POD_NAMESPACE: namespace,
      INSTANCE_IP: '10.255.0.9',
      ISTIO_METAJSON_LABELS: JSON.stringify(labels),
    };
  }

  /** The ports that the cases of a client call. */
  private ports(client: ClientName): number[] {
    const ports = new Set([80]);
    this.cases.forEach((each, at) => {
      if ((each.client ?? 'shop') !== client) return;
      for (const { port = 80 } of each.requests) ports.add(Number(fillOf(at, this.backends)(String(port))));
    });
    return [...ports];
  }

  private refusal(): string {
    const lines = this.istiod.log().split('\n');
    return lines
      .filter((line) => /Failed to parse|unable to|invalid|error/i.test(line))
      .slice(-10)
      .join('\n');
  }
}

function newest(lines: readonly string[]): string {
  return lines.slice(-4).join('\n');
}

/** Puts the values of the case's placeholders. */
function fillOf(at: number, backends: Backends): Fill {
  const name = `c${String(at).padStart(3, '0')}`;
  return (text) =>
    text.replace(/\$(host|name|certs|[bs]\d|refused|stuck)\b/g, (_, key: string) => {
      if (key === 'certs') return backends.certificates.folder;
      if (key === 'host') return `${name}.shop.svc.cluster.local`;
      if (key === 'name') return name;
      return String(backends.ports.get(key));
    });
}
