/** Asks a provider itself for its services, where no metadata centre has them (metadata-type local). */

import type { ApplicationInstance } from '../application';
import type { MetadataInfo } from '../revision';
import { askDubbo } from './dubbo';
import { askTri } from './tri';

/** Rejects with one sentence; it never says more than the instance and its revision. */
export async function askMetadataService(
  { application, address, revision, metadataService }: ApplicationInstance,
  timeoutMs: number,
): Promise<MetadataInfo> {
  if (!metadataService) throw new Error('its metadata names no MetadataService');
  const { protocol, port } = metadataService;
  const call = { address, port, application, revision, timeoutMs };
  if (protocol === 'tri') return askTri(call);
  if (protocol === 'dubbo') return askDubbo(call);
  throw new Error(
    `its MetadataService speaks ${protocol}, which is not understood: use metadata-type=remote`,
  );
}
