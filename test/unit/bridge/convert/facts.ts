/** Registry facts and conversions for tests, with everything that a test does not care about filled in. */
import { Value } from '@sinclair/typebox/value';
import { checkEntry } from '../../../../src/bridge/check';
import {
  Assignment,
  buildGroup,
  type ConvertConfig,
  type ConvertSourceConfig,
  compareClaims,
  compileRules,
  convertSchema,
  convertSourceSchema,
  entryOf,
  groupsOf,
  type HostClaim,
  type Rules,
  wishedHost,
} from '../../../../src/bridge/convert';
import type { RegistryInstance, RegistryService, Rejection, ServedEntry } from '../../../../src/bridge/model';

export function instance(at: string, more: Partial<RegistryInstance> = {}): RegistryInstance {
  const [, address, port] = /^(.*):(-?\d+)$/.exec(at)!;
  return {
    id: at,
    address: address!,
    port: Number(port),
    weight: 1,
    healthy: true,
    enabled: true,
    metadata: {},
    ...more,
  };
}

export function service(
  name: string,
  instances: readonly RegistryInstance[],
  more: Partial<RegistryService> = {},
): RegistryService {
  const { namespace = 'public', group = 'DEFAULT_GROUP' } = more;
  return {
    key: `${namespace}/${group}/${name}`,
    kind: 'service',
    namespace,
    group,
    name,
    metadata: {},
    instances,
    ...more,
  };
}

export function dubboInterface(
  name: string,
  instances: readonly RegistryInstance[],
  key: { group?: string; version?: string; application?: string } = {},
): RegistryService {
  const { group = '', version = '', application = '' } = key;
  return service(name, instances, {
    key: `interface/${group}/${name}:${version}`,
    kind: 'dubbo-interface',
    namespace: '',
    group: '',
    dubbo: { interface: name, group, version, application },
  });
}

export function sourceConfig(more: Partial<ConvertSourceConfig> = {}): ConvertSourceConfig {
  return Value.Default(convertSourceSchema, structuredClone(more)) as ConvertSourceConfig;
}

export function globalConfig(more: Partial<ConvertConfig> = {}): ConvertConfig {
  return Value.Default(convertSchema, structuredClone(more)) as ConvertConfig;
}

export interface World {
  readonly rules: Rules;
  /** Entries by host. */
  readonly entries: ReadonlyMap<string, ServedEntry>;
  readonly rejections: readonly Rejection[];
}

export interface Facts {
  readonly global?: Partial<ConvertConfig>;
  readonly type?: string;
  readonly config?: Partial<ConvertSourceConfig>;
  readonly services: readonly RegistryService[];
}

/** Converts several sources, `nacos` being the first unless named otherwise. */
export function convertAll(
  global: Partial<ConvertConfig>,
  sources: Readonly<Record<string, Omit<Facts, 'global'>>>,
): World {
  const rules = compileRules(
    globalConfig(global),
    Object.entries(sources).map(([name, { type = 'nacos', config = {} }]) => ({
      name,
      type,
      convert: sourceConfig(config),
    })),
  );
  const groups = new Map<string, { group: ReturnType<typeof groupsOf>[number]; parts: Part[] }>();
  for (const [name, { services }] of Object.entries(sources)) {
    const source = rules.sources.get(name)!;
    const interfaces = services.filter(({ kind }) => kind === 'dubbo-interface').length;
    for (const each of services)
      for (const group of groupsOf(rules, source, each, interfaces)) {
        const known = groups.get(group.key) ?? { group, parts: [] };
        groups.set(group.key, known);
        known.parts.push({ source, service: each });
      }
  }
  const hosts = new Assignment<HostClaim>(compareClaims, wishedHost);
  const built = [...groups.values()].map(({ group, parts }) => buildGroup(rules, group, parts));
  for (const { claims } of built) for (const claim of claims) hosts.add(claim, new Set());
  const entries = new Map<string, ServedEntry>();
  for (const { drafts } of built)
    for (const draft of drafts) {
      const host = hosts.slotOf(draft.claim);
      if (host === undefined) continue;
      const entry = entryOf(draft, host, rules.vips.address(host, 0));
      const { problems } = checkEntry(entry);
      if (problems.length > 0) throw new Error(`${host}: ${JSON.stringify(problems)}`);
      entries.set(entry.host, entry);
    }
  return { rules, entries, rejections: built.flatMap(({ rejections }) => rejections) };
}

type Part = Parameters<typeof buildGroup>[2][number];

/** Converts the services of one Nacos source. */
export function convert(facts: Facts): World {
  return convertAll(facts.global ?? {}, { nacos: facts });
}

/** The one entry of one service. */
export function only(facts: Facts): ServedEntry {
  const { entries } = convert(facts);
  const [first, second] = entries.values();
  if (!first || second) throw new Error(`${entries.size} entries: ${[...entries.keys()].join(', ')}`);
  return first;
}

export function codes(rejections: Iterable<Rejection>): string[] {
  return [...rejections].map(({ code, instance: id }) => (id === undefined ? code : `${code} ${id}`)).sort();
}
