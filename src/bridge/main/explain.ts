/** `inmesh bridge --check`: what a configuration would do, in sentences. */

import { accessSync, constants } from 'node:fs';
import type { BridgeConfig, SourceConfig } from '../config';
import { isLoopback, parseListen } from '../config';
import { readCertificate } from '../mcp';
import type { SidecarsConfig } from '../sidecars';

export interface Explanation {
  readonly lines: readonly string[];
  /** What will not work as it is, one sentence each. */
  readonly warnings: readonly string[];
}

export function explainConfig(config: BridgeConfig): Explanation {
  const { mcp, admin, snapshot, sources, sidecars } = config;
  const scheme = mcp.tls ? 'TLS' : 'plaintext';
  const lines = [
    `serves ServiceEntries by MCP over xDS on ${mcp.listen} (${scheme})`,
    admin.enabled ? `admin pages and metrics on http://${admin.listen}` : 'no admin server',
    snapshot.file === ''
      ? 'keeps no snapshot on disk: a start while a registry is away waits for it'
      : `keeps the last known state in ${snapshot.file}`,
    ...sources.map(sourceLine),
    ...sidecars.workloads.map(sidecarLine),
    ...istiodLines(config),
  ];
  return { lines, warnings: [...fileWarnings(config), ...snapshotWarnings(config)] };
}

function sourceLine({ name, type, own, required, syncTimeoutMs, convert }: SourceConfig): string {
  const wait = required
    ? 'nothing is served before it was read'
    : `waited for ${syncTimeoutMs / 1000} s at the start`;
  return `source ${name}: ${type}${whereOf(own)}${whatOf(own)}; ServiceEntries in ${convert.resourceNamespace}, exported to ${convert.exportTo.join(', ')}; ${wait}`;
}

function sidecarLine({ namespace, applications, label }: SidecarsConfig['workloads'][number]): string {
  return `makes Sidecars in ${namespace} for the Dubbo applications ${applications.join(', ')}, selecting workloads by the label ${label}`;
}

function whereOf({ servers, serversFile, addressServer, zones }: SourceConfig['own']): string {
  if (serversFile !== undefined) return ` at the servers in ${serversFile}`;
  if (addressServer !== undefined) return ` at the servers that ${addressServer} tells`;
  const all = [servers, ...Object.values(zones ?? {})].flat().filter((each) => each !== undefined);
  return all.length > 0 ? ` at ${all.join(', ')}` : '';
}

/** What of the registry is read, where it is told to read a part. */
function whatOf(own: SourceConfig['own']): string {
  const parts = ['namespaces', 'groups', 'datacenters', 'tags'].map((key) => {
    const value = own[key];
    if (value === 'all') return `all ${key}`;
    return Array.isArray(value) && value.length > 0 ? `${key} ${value.join(', ')}` : '';
  });
  return parts
    .filter((part) => part !== '')
    .map((part) => `, ${part}`)
    .join('');
}

/** The other side of it, which nobody but the reader can set. */
function istiodLines({ mcp }: BridgeConfig): string[] {
  const { host, port } = parseListen(mcp.listen);
  const name = isLoopback(host) ? host : '<service of the bridge>';
  const tls = mcp.tls ? ', tlsSettings: {mode: SIMPLE, caCertificates: <PEM of the CA>}' : '';
  return [
    "istiod's mesh config must list Kubernetes beside the bridge, because configSources replaces the default:",
    '  configSources:',
    '  - {address: "k8s://"}',
    `  - {address: "xds://${name}:${port}"${tls}}`,
    'sidecars resolve the hosts only with DNS capture: proxyMetadata ISTIO_META_DNS_CAPTURE: "true"',
  ];
}

/** Files that are named and cannot be read now. */
function fileWarnings({ mcp, sources }: BridgeConfig): string[] {
  const warnings: string[] = [];
  if (mcp.tls) {
    try {
      readCertificate(mcp.tls);
    } catch (error) {
      warnings.push(`mcp.tls: ${(error as Error).message}`);
    }
  }
  for (const { name, own } of sources)
    for (const [key, file] of filesOf(own)) {
      try {
        accessSync(file, constants.R_OK);
      } catch (error) {
        warnings.push(
          `source ${name}: ${key} ${file} cannot be read: ${(error as NodeJS.ErrnoException).code}`,
        );
      }
    }
  return warnings;
}

function filesOf(value: unknown, path = ''): [key: string, file: string][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, each]): [string, string][] =>
    key.endsWith('File') && typeof each === 'string' ? [[path + key, each]] : filesOf(each, `${path}${key}.`),
  );
}

function snapshotWarnings({ snapshot, sources }: BridgeConfig): string[] {
  const required = sources.filter((source) => source.required).map(({ name }) => name);
  if (snapshot.file !== '' || required.length === 0) return [];
  return [
    `${required.join(', ')}: required without snapshot.file means that nothing is served after a restart while the registry is away`,
  ];
}
