/** Decodes the message inside an Any. */

import type { Findings } from './decoded';
import { decodeMessage, type MessageType, type pb } from './pb';

/** undefined (and noted as invalid) when its bytes are malformed. */
export function unpack<T>(
  findings: Findings,
  field: string,
  any: pb.google.protobuf.Any.$Properties | null | undefined,
  type: MessageType<T>,
): T | undefined {
  try {
    return decodeMessage(type, any?.value ?? new Uint8Array(0));
  } catch (error) {
    findings.invalid(field, `cannot be decoded: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}
