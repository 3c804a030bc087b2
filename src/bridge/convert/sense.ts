/** Settings that the schema lets pass and that would make every ServiceEntry of a source a refused one. */
import { exportToProblem, isHostName, isLabelKey, isLabelValue } from '../check';
import type { ConvertConfig, ConvertSourceConfig } from './config';
import { ConvertConfigError } from './error';

/** Throws ConvertConfigError, with the key as its path. */
export function requireSense(config: ConvertSourceConfig): void {
  for (const key of ['entryLabels', 'setLabels'] as const)
    for (const [label, value] of Object.entries(config[key]))
      if (!isLabelKey(label) || !isLabelValue(value))
        fail(key, `\`${label}: ${value}\` is not in Kubernetes' syntax of labels`);
  const lists = [config.exportTo, ...config.overrides.map(({ exportTo }) => exportTo ?? [])];
  for (const exportTo of lists) {
    const problem = exportToProblem(exportTo, config.resourceNamespace);
    if (problem !== undefined) fail('exportTo', problem);
  }
}

/** Throws ConvertConfigError for hosts that cannot be. */
export function requireHosts({ merge, joinKubernetes }: ConvertConfig): void {
  for (const { host } of merge) if (!isHostName(host)) fail('merge', `\`${host}\` is no host name`);
  for (const { host, portNames } of joinKubernetes) {
    if (!isHostName(host)) fail('joinKubernetes', `\`${host}\` is no host name`);
    if (Object.keys(portNames).length === 0)
      fail('joinKubernetes', `\`${host}\` has no portNames, so nothing would join`);
  }
}

function fail(key: string, message: string): never {
  const error = new ConvertConfigError(message);
  error.path = [key];
  throw error;
}
