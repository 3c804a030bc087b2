/** Two bridges on two registries and one mesh, each exporting to its own registry what the other one brings in. */

import { freePort } from '../../lab';
import { parseConfig } from '../../src/bridge/config';
import { type Bridge, startBridge } from '../../src/bridge/main';
import { type DevControlPlane, startDevControlPlane } from '../../src/dev';

const log = { line: () => undefined };

export interface NacosRing {
  readonly bridges: readonly [Bridge, Bridge];
  readonly plane: DevControlPlane;
  /** Hosts of the service, by the registry that it is native in. */
  readonly hosts: readonly [string, string];
  stop(): Promise<void>;
}

/** `addresses` of two Nacos; `service` is registered in both, and each gets the other's instances under its name. */
export async function startNacosRing(
  addresses: readonly [string, string],
  service: string,
): Promise<NacosRing> {
  const port = await freePort();
  const names = ['one', 'two'] as const;
  const hosts = names.map((name) => `${service}.${name}`) as [string, string];
  const bridge = (index: 0 | 1) =>
    bridgeOf({
      sources: [
        {
          type: 'nacos',
          name: names[index],
          servers: [addresses[index]],
          listIntervalMs: 500,
          convert: { hostTemplate: `{service}.${names[index]}` },
        },
      ],
      export: {
        xds: `grpc://127.0.0.1:${port}`,
        meshId: `mesh-${names[index]}`,
        nacos: { servers: [addresses[index]] },
        hosts: [{ host: hosts[index === 0 ? 1 : 0], as: service }],
      },
    });
  const bridges = [await bridge(0), await bridge(1)] as const;
  const plane = await startDevControlPlane({
    port,
    objects: [],
    mcp: bridges.map(({ mcpAddress }) => `xds://${mcpAddress}`),
    log,
  });
  const stop = async () => {
    await Promise.all(bridges.map((each) => each.stop()));
    await plane.stop();
  };
  return { bridges, plane, hosts, stop };
}

async function bridgeOf(settings: Readonly<Record<string, unknown>>): Promise<Bridge> {
  const fixed = { mcp: { listen: '127.0.0.1:0' }, admin: { enabled: false } };
  const { config, problems } = parseConfig('bridge.yaml', JSON.stringify({ ...settings, ...fixed }), {});
  if (!config) throw new Error(JSON.stringify(problems));
  return startBridge({ config, log });
}

/** `address` of every endpoint that the bridge serves for a host, sorted. */
export function served({ content }: Bridge, host: string): string[] {
  const entry = [...(content.snapshot?.entries.values() ?? [])].find((each) => each.host === host);
  return (entry?.endpoints ?? []).map(({ address }) => address).sort();
}
