import { type Envoy, freePort, isSkipped, type Skipped, startEnvoy } from '../../../lab';
import { TYPE_URL } from '../../../src/xds';
import { address, bootstrap } from '../../conformance/bed/bootstrap';
import { all, bytesField, message, textAt } from '../../conformance/bed/wire';
import { fetchAll, sidecarNode, XdsClient } from '../xds-client';

/** Fields of Listener, FilterChain and Filter. */
const NAME = 1;
const ADDRESS = 2;
const CHAINS = 3;
const FILTERS = 3;
const STATIC_RESOURCES = 2;

export interface TcpEnvoy {
  readonly envoy: Envoy;
  /** Of the loopback, in place of the VIP that a sidecar would intercept. */
  readonly port: number;
}

/** A real Envoy with istiod's own listener of a VIP and port, reached at a port of the loopback, and istiod's clusters. */
export async function startTcpEnvoy(
  xdsAddress: string,
  vip: string,
  port: number,
): Promise<TcpEnvoy | Skipped> {
  const listeners = await fetchListeners(xdsAddress);
  const name = `${vip}_${port}`;
  const bytes = listeners.get(name);
  if (!bytes) throw new Error(`istiod has no listener ${name}, but ${[...listeners.keys()].join(', ')}`);
  const everything = await fetchAll(xdsAddress, sidecarNode(), []);
  const listenPort = await freePort();
  const listener = bytesField(1, listenAt(bytes, listenPort));
  const file = message(
    bootstrap({ ...everything, listeners }, [], 1),
    bytesField(STATIC_RESOURCES, listener),
  );
  const envoy = await startEnvoy(file);
  return isSkipped(envoy) ? envoy : { envoy, port: listenPort };
}

async function fetchListeners(xdsAddress: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const client = new XdsClient(xdsAddress, sidecarNode());
  try {
    client.subscribe(TYPE_URL.cluster);
    client.subscribe(TYPE_URL.listener);
    await client.until(() => client.resources(TYPE_URL.listener).size > 0, 'listeners', 30_000);
    return client.resources(TYPE_URL.listener);
  } finally {
    client.close();
  }
}

/** Its filter chains somewhere else, without the filters that only Istio's build of Envoy has. */
function listenAt(listener: Uint8Array, port: number): Buffer {
  const chains = all(listener, CHAINS).map((chain) => {
    const filters = all(chain, FILTERS).filter((filter) => textAt(filter, 1).startsWith('envoy.'));
    return bytesField(CHAINS, message(...filters.map((filter) => bytesField(FILTERS, filter))));
  });
  const name = bytesField(NAME, textAt(listener, NAME));
  return message(name, bytesField(ADDRESS, address(port)), ...chains);
}
