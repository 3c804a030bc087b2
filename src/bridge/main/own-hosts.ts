/** Which hosts are the bridge's own: what comes from a registry must never be published into one. */

import type { BridgeConfig, SourceConfig } from '../config';
import type { ServedSnapshot } from '../model';

const DEFAULT_TEMPLATE = '{service}.{group}.{namespace}.{type}';

/** Gives a test: why a host is one of ours, in a sentence, or undefined. Of the configuration only. */
export function ownHosts({ sources, convert }: BridgeConfig): (host: string) => string | undefined {
  const named = new Map<string, string>();
  const merged = convert.merge.map(({ host }) => host);
  for (const host of [...merged, ...convert.joinKubernetes.map((join) => join.host)])
    named.set(host.toLowerCase(), 'convert makes it of registry services');
  for (const { name, convert: ofSource } of sources)
    for (const { host, aliases = [] } of ofSource.overrides)
      for (const each of host === undefined ? aliases : [host, ...aliases])
        named.set(each.toLowerCase(), `the source ${name} names it`);
  const shapes = merged
    .filter((host) => host.includes('{'))
    .map((host) => shapeOf(host, { name: 'merge', type: '' }));
  const ofSources = sources.flatMap((source) =>
    templatesOf(source).map((template) => shapeOf(template, source)),
  );
  return (host) => {
    const lower = host.toLowerCase();
    if (named.has(lower)) return named.get(lower);
    if (shapes.some(({ matches }) => matches(lower))) return 'it has the form of a host in convert.merge';
    const found = ofSources.find(({ matches }) => matches(lower));
    return found && `it has the form of the hosts of the source ${found.source}`;
  };
}

/** The name of the host in what is served, if it is there. */
export function isServed(snapshot: ServedSnapshot | undefined, host: string): boolean {
  const lower = host.toLowerCase();
  for (const entry of snapshot?.entries.values() ?? []) if (entry.host.toLowerCase() === lower) return true;
  return false;
}

function templatesOf({ type, convert }: SourceConfig): string[] {
  const plain = convert.hostTemplate === '' ? DEFAULT_TEMPLATE : convert.hostTemplate;
  const { interfaceTemplate, applicationTemplate } = convert.dubbo;
  return type === 'zookeeper' || type === 'nacos' ? [plain, interfaceTemplate, applicationTemplate] : [plain];
}

interface Shape {
  readonly source: string;
  matches(host: string): boolean;
}

/** Names of services may be anything, so it is the fixed end of a template that tells; without one, its length. */
function shapeOf(template: string, { name, type }: Pick<SourceConfig, 'name' | 'type'>): Shape {
  const labels = template
    .replaceAll('{type}', type)
    .replaceAll('{source}', name)
    .toLowerCase()
    .replace(/\{[^}]*\}/g, '{}')
    .split('.');
  let fixed = labels.length;
  while (fixed > 0 && !labels[fixed - 1]!.includes('{')) fixed--;
  const suffix = labels.slice(fixed).join('.');
  return {
    source: name,
    matches: (host) =>
      suffix === ''
        ? host.split('.').length <= labels.length
        : host === suffix || host.endsWith(`.${suffix}`),
  };
}
