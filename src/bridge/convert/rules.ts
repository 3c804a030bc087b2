/** The configuration, ready for use: patterns compiled, ranges read, what is per service found by service. */

import type { RegistryService } from '../model';
import { CidrMap, CidrSet } from './cidr';
import type { ConvertConfig, ConvertSourceConfig, ServiceMatch, ServiceOverride } from './config';
import { ConvertConfigError, type KeyPath } from './error';
import { anyGlob, type Glob, glob } from './glob';
import { labelValue, sortedRecord } from './label-values';
import { metadataKeysOf } from './names';
import type { PortNumbers, Protocol } from './protocol';
import { AddressList, compileSelector, type Selector } from './selectors';
import { requireHosts, requireSense } from './sense';
import { Unions } from './unions';
import { VipRange } from './vip';

/** A source as convert knows it. */
export interface SourceDefinition {
  readonly name: string;
  readonly type: string;
  readonly convert: ConvertSourceConfig;
}

export type ServicePredicate = (service: RegistryService) => boolean;

interface Override {
  readonly matches: ServicePredicate;
  readonly override: ServiceOverride;
  readonly abnormal: AddressList | undefined;
}

export interface SourceRules {
  readonly name: string;
  readonly type: string;
  /** Position in the configuration: the first source wins. */
  readonly order: number;
  readonly config: ConvertSourceConfig;
  readonly isIncluded: ServicePredicate;
  readonly overrides: readonly Override[];
  readonly selectors: readonly Selector[];
  readonly trusts: ReadonlySet<string>;
  /** Of every ServiceEntry. */
  readonly entryLabels: Readonly<Record<string, string>>;
  /** Metadata that `hostTemplate` names: instances that differ in it are different services. */
  readonly nameKeys: readonly string[];
  readonly keepsLabel: Glob;
  readonly dropsLabel: Glob;
  readonly mayTakeClusterDomain: Glob;
  readonly resourceNamespaces: ReadonlyMap<string, string>;
  readonly networks: CidrMap<string>;
  readonly localities: CidrMap<string>;
  readonly meshCidrs: CidrSet;
}

export interface Rules {
  readonly clusterDomain: string;
  readonly vips: VipRange;
  readonly sources: ReadonlyMap<string, SourceRules>;
  readonly unions: Unions;
}

/** What is said of one service, by the first override that says it. */
export interface ServiceRules {
  readonly host: string | undefined;
  readonly aliases: readonly string[];
  readonly exportTo: readonly string[];
  readonly resourceNamespace: string | undefined;
  /** Of the ServiceEntry. */
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly external: boolean;
  readonly protocol: Protocol | undefined;
  readonly ports: PortNumbers;
  readonly instancePorts: boolean;
  /** Of `overrides.abnormal`, all that match. */
  readonly abnormal: readonly AddressList[];
}

/** Throws ConvertConfigError for what the schema cannot see. The order of `sources` is theirs in the configuration. */
export function compileRules(global: ConvertConfig, sources: readonly SourceDefinition[]): Rules {
  requireHosts(
    global,
    sources.map(({ name }) => name),
  );
  at(['networks'], () => new CidrMap(Object.entries(global.networks)));
  at(['meshCidrs'], () => new CidrSet(global.meshCidrs));
  at(['vipExclude'], () => new CidrSet(global.vipExclude));
  return {
    clusterDomain: global.clusterDomain.toLowerCase(),
    vips: at(['vipCidr'], () => new VipRange(global.vipCidr, global.vipExclude)),
    sources: new Map(sources.map((source, order) => [source.name, sourceRules(source, order, global)])),
    unions: new Unions(global),
  };
}

function sourceRules(
  { name, type, convert }: SourceDefinition,
  order: number,
  global: ConvertConfig,
): SourceRules {
  const inSource = <T>(key: string, make: () => T) => at([name, key], make);
  return {
    name,
    type,
    order,
    config: at([name], () => sensible(convert)),
    isIncluded: inclusion(convert),
    overrides: convert.overrides.map((each, i) =>
      at([name, 'overrides', i, 'abnormal'], () => compileOverride(each)),
    ),
    selectors: convert.endpointSelectors.map((each, i) =>
      at([name, 'endpointSelectors', i, 'cidrs'], () => compileSelector(each)),
    ),
    trusts: new Set(convert.trustMetadata),
    entryLabels: sortedRecord(
      new Map([
        ['inmesh.registry', labelValue(type)],
        ['inmesh.source', labelValue(name)],
        ...Object.entries(convert.entryLabels),
      ]),
    ),
    nameKeys: metadataKeysOf(convert.hostTemplate),
    keepsLabel: anyGlob(convert.keepLabels),
    dropsLabel: anyGlob(convert.dropLabels),
    mayTakeClusterDomain: anyGlob(convert.allowClusterDomain),
    resourceNamespaces: new Map(Object.entries(convert.resourceNamespaces)),
    networks: inSource(
      'networks',
      () => new CidrMap([...Object.entries(convert.networks), ...Object.entries(global.networks)]),
    ),
    localities: inSource('localities', () => new CidrMap(Object.entries(convert.localities))),
    meshCidrs: inSource('meshCidrs', () => new CidrSet([...convert.meshCidrs, ...global.meshCidrs])),
  };
}

function compileOverride(override: ServiceOverride): Override {
  const { match, abnormal } = override;
  return { matches: servicePredicate(match), override, abnormal: abnormal && new AddressList(abnormal) };
}

function sensible(config: ConvertSourceConfig): ConvertSourceConfig {
  requireSense(config);
  return config;
}

function at<T>(path: KeyPath, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof ConvertConfigError) error.path = [...path, ...error.path];
    throw error;
  }
}

function inclusion({ include, exclude }: ConvertSourceConfig): ServicePredicate {
  const included = include.map(servicePredicate);
  const excluded = exclude.map(servicePredicate);
  return (service) =>
    (included.length === 0 || included.some((matches) => matches(service))) &&
    !excluded.some((matches) => matches(service));
}

/** All given parts must match. A Dubbo interface is found by the interface's name, too. */
export function servicePredicate({ namespace, group, service }: ServiceMatch): ServicePredicate {
  const inNamespace = namespace === undefined ? undefined : glob(namespace);
  const inGroup = group === undefined ? undefined : glob(group);
  const named = service === undefined ? undefined : glob(service);
  return (found) =>
    (!inNamespace || inNamespace(found.namespace)) &&
    (!inGroup || inGroup(found.group)) &&
    (!named || named(found.name) || (found.dubbo !== undefined && named(found.dubbo.interface)));
}

export function serviceRules(source: SourceRules, service: RegistryService): ServiceRules {
  const { config } = source;
  const matching = source.overrides.filter(({ matches }) => matches(service));
  const first = <K extends keyof ServiceOverride>(key: K) =>
    matching.find(({ override }) => override[key] !== undefined)?.override[key];
  return {
    host: first('host'),
    aliases: first('aliases') ?? [],
    exportTo: first('exportTo') ?? config.exportTo,
    resourceNamespace: first('resourceNamespace') ?? source.resourceNamespaces.get(service.namespace),
    labels: withMore(source.entryLabels, first('entryLabels')),
    annotations: first('entryAnnotations') ?? {},
    external: first('external') ?? config.external,
    protocol: first('protocol'),
    ports: { ...config.ports, ...first('ports') },
    instancePorts: first('instancePorts') ?? config.instancePorts,
    abnormal: matching.map(({ abnormal }) => abnormal).filter((list) => list !== undefined),
  };
}

function withMore(
  labels: Readonly<Record<string, string>>,
  more: Readonly<Record<string, string>> | undefined,
): Readonly<Record<string, string>> {
  return more ? sortedRecord(new Map(Object.entries({ ...labels, ...more }))) : labels;
}
