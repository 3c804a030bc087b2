import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const FILE = '../../../../fixtures/recorded/registries/zookeeper/metadata-v2-response.grpc.base64';

/** A MetadataInfoV2 message of a real provider, without the frame around it. */
export function recordedMetadata(): Buffer {
  return Buffer.from(readFileSync(join(__dirname, FILE), 'utf8'), 'base64').subarray(5);
}
