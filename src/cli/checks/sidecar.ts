import type { Settings } from '../../config';
import { findSidecar, SIDECAR_ADDRESSES, type SidecarAddress } from '../../preload/sidecar';
import { type Finding, findingsOf } from './finding';

const { ok, warning, error } = findingsOf('sidecar');
/** Longer than the probe's own time-out: it does not keep a process alive, this does. */
const ALIVE_MS = 2_000;

/** Where a sidecar answers the agent stays off. */
export async function checkSidecar(
  { besideSidecar }: Settings,
  addresses: readonly SidecarAddress[] = SIDECAR_ADDRESSES,
): Promise<Finding[]> {
  const found = await new Promise<SidecarAddress | undefined>((resolve) => {
    const alive = setTimeout(resolve, ALIVE_MS, undefined);
    findSidecar(addresses, (answer) => {
      clearTimeout(alive);
      resolve(answer);
    });
  });
  if (found === undefined) return [ok('none answers in this pod')];
  const what = `${found.what} answers at 127.0.0.1:${found.port}`;
  return besideSidecar
    ? [
        warning(
          `${what}; INMESH_BESIDE_SIDECAR=on keeps the agent on`,
          'calls are routed twice; mean it, or remove one',
        ),
      ]
    : [
        error(
          `${what}: the agent stays off`,
          'label the pod sidecar.istio.io/inject: "false", or leave inmesh out',
        ),
      ];
}
