/** Settings that the schema lets pass and that would make every ServiceEntry of a source a refused one. */
import { exportToProblem, isHostName, isLabelKey, isLabelValue } from '../check';
import type { ConvertConfig, ConvertSourceConfig } from './config';
import { ConvertConfigError } from './error';
import { isMetadataPart } from './names';

/** What templates of hosts may name. */
const COMMON_PARTS = ['group', 'namespace', 'source', 'type'];
const SERVICE_PARTS = ['service', ...COMMON_PARTS];
const INTERFACE_PARTS = ['interface', 'dubboGroup', 'version', 'application', 'service', ...COMMON_PARTS];
const LABEL_PARTS = ['service', 'group', 'namespace', 'source', 'cluster'];
const APPLICATION_PARTS = ['application', ...COMMON_PARTS];

/** Throws ConvertConfigError, with the key as its path. */
export function requireSense(config: ConvertSourceConfig): void {
  requireLabels('entryLabels', config.entryLabels);
  for (const { entryLabels = {}, entryAnnotations = {} } of config.overrides) {
    requireLabels('overrides', entryLabels);
    for (const key of Object.keys(entryAnnotations))
      if (!isLabelKey(key)) fail('overrides', `\`${key}\` is no key of an annotation`);
  }
  for (const value of Object.values(config.setLabels)) requireParts('setLabels', value, LABEL_PARTS);
  const filled = Object.entries(config.setLabels).map(([key, value]) => [
    key,
    value.replace(/\{\w+\}/g, 'x'),
  ]);
  requireLabels('setLabels', Object.fromEntries(filled));
  const { dubbo } = config;
  requireParts('hostTemplate', config.hostTemplate, SERVICE_PARTS);
  requireParts('dubbo', dubbo.interfaceTemplate, INTERFACE_PARTS);
  requireParts('dubbo', dubbo.applicationTemplate, APPLICATION_PARTS);
  const lists = [config.exportTo, ...config.overrides.map(({ exportTo }) => exportTo ?? [])];
  for (const exportTo of lists) {
    const problem = exportToProblem(exportTo, config.resourceNamespace);
    if (problem !== undefined) fail('exportTo', problem);
  }
}

/** Throws ConvertConfigError for hosts that cannot be, and for services of sources that there are not. */
export function requireHosts({ merge, joinKubernetes }: ConvertConfig, sources: readonly string[]): void {
  for (const { host, from } of merge) {
    requireParts('merge', host, ['service']);
    const isPattern = host.includes('{service}');
    const star = from.find((each) => each.includes('*'));
    if (!isPattern && star !== undefined)
      fail('merge', `\`${star}\` would make many services one; name them, or put {service} into the host`);
    requireUnion('merge', host.replaceAll('{service}', 'x'), from, sources);
  }
  for (const { host, portNames, from } of joinKubernetes) {
    requireUnion('joinKubernetes', host, from, sources);
    if (Object.keys(portNames).length === 0)
      fail('joinKubernetes', `\`${host}\` has no portNames, so nothing would join`);
  }
}

function requireLabels(key: string, labels: Readonly<Record<string, string>>): void {
  for (const [label, value] of Object.entries(labels))
    if (!isLabelKey(label) || !isLabelValue(value))
      fail(key, `\`${label}: ${value}\` is not in Kubernetes' syntax of labels`);
}

function requireUnion(key: string, host: string, from: readonly string[], sources: readonly string[]): void {
  if (!isHostName(host)) fail(key, `\`${host}\` is no host name`);
  const stray = from.find((each) => !sources.some((name) => each.startsWith(`${name}/`)));
  if (stray !== undefined)
    fail(key, `\`${stray}\` does not begin with a source and a slash; the sources are ${sources.join(', ')}`);
}

function requireParts(key: string, template: string, parts: readonly string[]): void {
  for (const [, part = ''] of template.matchAll(/\{([^}]*)\}/g))
    if (!parts.includes(part) && !(key === 'hostTemplate' && isMetadataPart(part)))
      fail(
        key,
        `\`{${part}}\` cannot be filled in here; there are ${parts.map((each) => `{${each}}`).join(', ')}`,
      );
}

function fail(key: string, message: string): never {
  const error = new ConvertConfigError(message);
  error.path = [key];
  throw error;
}
