/** A revision: the services that every instance registered with it provides (Dubbo's MetadataInfo). */

import { parseJson } from './application';
import { type InterfaceName, nameFromParams } from './names';
import { lastingParams } from './url';

export interface RevisionService extends InterfaceName {
  readonly protocol: string;
  /** 0: that of the instance's endpoint with this protocol. */
  readonly port: number;
  readonly params: Readonly<Record<string, string>>;
}

export interface Revision {
  readonly application: string;
  readonly revision: string;
  readonly services: readonly RevisionService[];
  /** Keys of services that could not be read, and are left out. */
  readonly unreadable: readonly string[];
}

/** A MetadataInfo as its JSON, protobuf and hessian forms have it alike; nothing of it is trusted. */
export interface MetadataInfo {
  readonly app?: unknown;
  readonly revision?: unknown;
  readonly services?: unknown;
}

/** Reads the JSON of `/dubbo/metadata/<app>/<revision>`. A string is the reason why it is none. */
export function parseRevision(text: string): Revision | string {
  const value = parseJson(text);
  return typeof value === 'object' && value !== null ? readRevision(value) : 'its text is not a JSON object';
}

/** Reads a MetadataInfo. A string is the reason why it is none. */
export function readRevision({ app, revision, services }: MetadataInfo): Revision | string {
  if (typeof services !== 'object' || services === null) return 'it has no object `services`';
  const read: RevisionService[] = [];
  const unreadable: string[] = [];
  for (const [key, value] of Object.entries(services)) {
    const service = readService(value);
    // The MetadataService is the instance's own business.
    if (!service) unreadable.push(key);
    else if (!/^org\.apache\.dubbo\.metadata\.MetadataService(V2)?$/.test(service.interface))
      read.push(service);
  }
  return { application: text(app), revision: text(revision), services: read, unreadable };
}

function readService(value: unknown): RevisionService | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { name, group, version, protocol, port, params } = value as Record<string, unknown>;
  if (typeof name !== 'string' || name === '' || typeof protocol !== 'string' || protocol === '')
    return undefined;
  const number = Number(port ?? 0);
  // Group and version are the service's own where its parameters miss them.
  const merged = lastingParams({ ...strings(params), ...named({ group, version }) });
  return {
    ...nameFromParams({ ...merged, interface: name }, name),
    protocol: protocol.toLowerCase(),
    port: Number.isInteger(number) && number > 0 ? number : 0,
    params: merged,
  };
}

function named(fields: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).filter(
      (field): field is [string, string] => typeof field[1] === 'string' && field[1] !== '',
    ),
  );
}

function strings(params: unknown): Record<string, string> {
  if (typeof params !== 'object' || params === null) return {};
  return Object.fromEntries(
    Object.entries(params).filter((field): field is [string, string] => typeof field[1] === 'string'),
  );
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
