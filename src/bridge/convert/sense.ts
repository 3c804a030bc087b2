/** Settings that the schema lets pass and that would make every ServiceEntry of a source a refused one. */
import { exportToProblem, isHostName, isLabelKey, isLabelValue } from '../check';
import type { ConvertConfig, ConvertSourceConfig } from './config';
import { ConvertConfigError, type KeyPath } from './error';
import { isMetadataPart } from './names';

/** What templates of hosts may name. */
const COMMON_PARTS = ['group', 'namespace', 'source', 'type'];
const SERVICE_PARTS = ['service', ...COMMON_PARTS];
const INTERFACE_PARTS = ['interface', 'dubboGroup', 'version', 'application', 'service', ...COMMON_PARTS];
const LABEL_PARTS = ['service', 'group', 'namespace', 'source', 'cluster'];
const APPLICATION_PARTS = ['application', ...COMMON_PARTS];

/** Throws ConvertConfigError, with the keys to it as its path. */
export function requireSense(config: ConvertSourceConfig): void {
  requireLabels(['entryLabels'], config.entryLabels);
  requireExportTo(['exportTo'], config.exportTo, config);
  config.overrides.forEach(({ entryLabels = {}, entryAnnotations = {}, exportTo = [] }, i) => {
    requireLabels(['overrides', i, 'entryLabels'], entryLabels);
    requireExportTo(['overrides', i, 'exportTo'], exportTo, config);
    for (const key of Object.keys(entryAnnotations))
      if (!isLabelKey(key))
        fail(['overrides', i, 'entryAnnotations', key], `\`${key}\` is no key of an annotation`);
  });
  for (const [key, value] of Object.entries(config.setLabels))
    requireParts(['setLabels', key], value, LABEL_PARTS);
  const filled = Object.entries(config.setLabels).map(([key, value]) => [
    key,
    value.replace(/\{\w+\}/g, 'x'),
  ]);
  requireLabels(['setLabels'], Object.fromEntries(filled));
  const { dubbo } = config;
  requireParts(['hostTemplate'], config.hostTemplate, SERVICE_PARTS);
  requireParts(['dubbo', 'interfaceTemplate'], dubbo.interfaceTemplate, INTERFACE_PARTS);
  requireParts(['dubbo', 'applicationTemplate'], dubbo.applicationTemplate, APPLICATION_PARTS);
}

/** Throws ConvertConfigError for hosts that cannot be, and for services of sources that there are not. */
export function requireHosts({ merge, joinKubernetes }: ConvertConfig, sources: readonly string[]): void {
  merge.forEach(({ host, from }, i) => {
    requireParts(['merge', i, 'host'], host, ['service']);
    const star = from.findIndex((each) => each.includes('*'));
    if (!host.includes('{service}') && star >= 0)
      fail(
        ['merge', i, 'from', star],
        `\`${from[star]}\` would make many services one; name them, or put {service} into the host`,
      );
    requireUnion(['merge', i], host.replaceAll('{service}', 'x'), from, sources);
  });
  joinKubernetes.forEach(({ host, portNames, from }, i) => {
    requireUnion(['joinKubernetes', i], host, from, sources);
    if (Object.keys(portNames).length === 0)
      fail(['joinKubernetes', i, 'portNames'], `\`${host}\` has no portNames, so nothing would join`);
  });
}

function requireExportTo(
  path: KeyPath,
  exportTo: readonly string[],
  { resourceNamespace }: ConvertSourceConfig,
) {
  const problem = exportToProblem(exportTo, resourceNamespace);
  if (problem !== undefined) fail(path, problem);
}

function requireLabels(path: KeyPath, labels: Readonly<Record<string, string>>): void {
  for (const [label, value] of Object.entries(labels))
    if (!isLabelKey(label) || !isLabelValue(value))
      fail([...path, label], `\`${label}: ${value}\` is not in Kubernetes' syntax of labels`);
}

function requireUnion(
  path: KeyPath,
  host: string,
  from: readonly string[],
  sources: readonly string[],
): void {
  if (!isHostName(host)) fail([...path, 'host'], `\`${host}\` is no host name`);
  const stray = from.findIndex((each) => !sources.some((name) => each.startsWith(`${name}/`)));
  if (stray >= 0)
    fail(
      [...path, 'from', stray],
      `\`${from[stray]}\` does not begin with a source and a slash; the sources are ${sources.join(', ')}`,
    );
}

function requireParts(path: KeyPath, template: string, parts: readonly string[]): void {
  for (const [, part = ''] of template.matchAll(/\{([^}]*)\}/g))
    if (!parts.includes(part) && !(path[0] === 'hostTemplate' && isMetadataPart(part)))
      fail(
        path,
        `\`{${part}}\` cannot be filled in here; there are ${parts.map((each) => `{${each}}`).join(', ')}`,
      );
}

function fail(path: KeyPath, message: string): never {
  throw new ConvertConfigError(message, path);
}
