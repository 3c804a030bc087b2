/** An instance of Curator's service discovery, as Dubbo and Spring Cloud write it. */

import { parseJson } from '../../dubbo';

export interface CuratorInstance {
  readonly id: string;
  readonly address: string;
  /** 0 where it has none. */
  readonly port: number;
  readonly sslPort: number | undefined;
  /** False: switched off by Curator's own field. */
  readonly enabled: boolean;
  /** Of the payload; strings only, other values as JSON. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Reads a node's data. A string is the reason why it is no instance. `node` is its id where the data has none. */
export function parseCuratorInstance(data: Buffer, node: string): CuratorInstance | string {
  if (data.length === 0) return 'it has no data';
  const value = parseJson(data.toString('utf8'));
  if (!isObject(value)) return 'its data is not the JSON object that Curator writes';
  const { id, address, port, sslPort, enabled, payload } = value;
  if (typeof address !== 'string' || address === '') return 'it has no `address`';
  const ssl = portOf(sslPort);
  const plain = portOf(port);
  if (plain === undefined && ssl === undefined) return 'it has neither `port` nor `sslPort`';
  return {
    id: typeof id === 'string' && id !== '' ? id : node,
    address,
    port: plain ?? 0,
    sslPort: ssl,
    enabled: enabled !== false,
    metadata: isObject(payload) ? strings(payload['metadata']) : {},
  };
}

function portOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 ? value : undefined;
}

function strings(value: unknown): Record<string, string> {
  if (!isObject(value)) return {};
  const entries = Object.entries(value).filter(([, each]) => each !== null);
  return Object.fromEntries(
    entries.map(([key, each]) => [key, typeof each === 'string' ? each : JSON.stringify(each)]),
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
