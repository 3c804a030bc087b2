/** Numbers of ZooKeeper's protocol, the same in every client. */

export const OK = 0;
const CONNECTION_LOSS = -4;
const OPERATION_TIMEOUT = -7;
export const NO_NODE = -101;

export const SESSION_EVENT = -1;
export const CREATED = 1;
export const DELETED = 2;
export const CHANGED = 3;
export const NODE_CHILDREN_CHANGED = 4;

/** What an error says of the node, or of the server. */
export function failureOf(code: number | undefined): 'no-node' | 'away' | 'other' {
  if (code === NO_NODE) return 'no-node';
  return code === CONNECTION_LOSS || code === OPERATION_TIMEOUT ? 'away' : 'other';
}
