/** The hosts that a mesh service asks for. Who gets a host that several ask for is decided by `compareClaims`. */

import type { RegistryService } from '../model';
import type { Findings } from './findings';
import type { Group } from './level';
import { claimed } from './metadata';
import { hostFromTemplate, hostName, inOneLabel, type Naming, shortHash, under, withSuffix } from './names';
import type { Rules, ServiceRules, SourceRules } from './rules';

export interface HostClaim {
  /** Unique over everything: the group's key and the role in it. */
  readonly id: string;
  readonly host: string;
  /** Lower is stronger. */
  readonly rank: number;
  /** The source's position in the configuration. */
  readonly order: number;
  readonly source: string;
  readonly service: string;
  /** False: without this host there is none. */
  readonly mayBeSuffixed: boolean;
}

const RANK = { configured: 0, override: 1, alias: 2, template: 3, metadata: 4, protocol: 5 } as const;

/** One service of a group, with the rules for it. */
export interface Part {
  readonly source: SourceRules;
  readonly service: RegistryService;
  readonly rules: ServiceRules;
  readonly findings: Findings;
}

/** A total order: strength, then the source, then the service's key byte-wise. */
export function compareClaims(a: HostClaim, b: HostClaim): number {
  return a.rank - b.rank || a.order - b.order || compareText(a.service, b.service) || compareText(a.id, b.id);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The n-th host that a claim is content with, in lower case. */
export function wishedHost({ id, host, mayBeSuffixed }: HostClaim, attempt: number): string | undefined {
  if (attempt === 0) return host.toLowerCase();
  if (!mayBeSuffixed || attempt > 3) return undefined;
  return withSuffix(host, shortHash(attempt === 1 ? id : `${id}#${attempt}`)).toLowerCase();
}

export interface GroupClaims {
  readonly own: HostClaim | undefined;
  readonly aliases: HostClaim[];
  /** Present where the template has metadata in it: then there is no own host, but one for those of the same names. */
  readonly named?: (names: readonly string[]) => HostClaim | undefined;
}

/** The claim on the group's own host, and those on its aliases. `parts` in order, never empty. */
export function claimsOf(rules: Rules, group: Group, parts: readonly Part[]): GroupClaims {
  const first = parts[0]!;
  const claim = (role: string, host: string, rank: number, mayBeSuffixed: boolean): HostClaim => ({
    id: role === '' ? group.key : `${group.key}\n${role}`,
    host,
    rank,
    order: first.source.order,
    source: first.source.name,
    service: first.service.key,
    mayBeSuffixed,
  });
  const allowed = (host: string) => isAllowed(rules, first, host);
  if (group.kind === 'union') {
    const host = hostName(group.union.host, namingOf(first.source));
    return { own: claim('', host, RANK.configured, false), aliases: [] };
  }
  const aliases = first.rules.aliases
    .map((alias) => hostName(alias, namingOf(first.source)))
    .filter(allowed)
    .map((host) => claim(`alias ${host}`, host, RANK.alias, false));
  const { nameKeys } = first.source;
  if (nameKeys.length > 0 && first.service.kind === 'service' && first.rules.host === undefined) {
    // Whoever can register chooses these: they come after every other claim.
    const named = (names: readonly string[]) => {
      const host = templateHost(group, first, names);
      return allowed(host) ? claim(`named ${JSON.stringify(names)}`, host, RANK.metadata, true) : undefined;
    };
    return { own: undefined, aliases, named };
  }
  const templated = templateHost(group, first);
  const [host, rank] = chosenHost(group, first, templated, allowed);
  return { own: allowed(host) ? claim('', host, rank, true) : undefined, aliases };
}

/** The claim of the instances of one protocol, beside the group's own host. */
export function protocolClaim(
  rules: Rules,
  own: HostClaim,
  protocol: string,
  part: Part,
): HostClaim | undefined {
  const host = under(protocol, own.host);
  if (!isAllowed(rules, part, host)) return undefined;
  return { ...own, id: `${own.id}\nprotocol ${protocol}`, host, rank: RANK.protocol, mayBeSuffixed: true };
}

function chosenHost(
  group: Group,
  part: Part,
  templated: string,
  allowed: (host: string) => boolean,
): [string, number] {
  const { source, rules } = part;
  if (group.kind === 'service' && rules.host !== undefined)
    return [hostName(rules.host, namingOf(source)), RANK.override];
  const claimedHost = group.kind === 'service' ? metadataHost(part) : undefined;
  if (claimedHost !== undefined && allowed(claimedHost)) return [claimedHost, RANK.metadata];
  return [templated, RANK.template];
}

/** Hosts under the cluster domain are Kubernetes' own, unless the operator says otherwise. */
function isAllowed({ clusterDomain }: Rules, { source, findings }: Part, host: string): boolean {
  const lower = host.toLowerCase();
  const isCluster = lower === clusterDomain || lower.endsWith(`.${clusterDomain}`) || lower.endsWith('.svc');
  if (!isCluster || source.mayTakeClusterDomain(lower)) return true;
  findings.ofService(
    'cluster-domain',
    `the host \`${lower}\` is under the cluster domain; allow it in allowClusterDomain if that is meant`,
  );
  return false;
}

function metadataHost({ source, service, findings }: Part): string | undefined {
  if (!source.trusts.has('host')) return undefined;
  const naming = namingOf(source);
  const read = (metadata: Readonly<Record<string, string>>) => {
    const found = claimed('host', metadata, source);
    if (!found) return undefined;
    // nacos-istio's key holds what goes before the suffix.
    return hostName(found.key === 'istio.hostname' ? `${found.value}.${source.type}` : found.value, naming);
  };
  const own = read(service.metadata);
  if (own !== undefined) return own;
  const hosts = new Set(
    service.instances.map(({ metadata }) => read(metadata)).filter((host) => host !== undefined),
  );
  const [first, second] = [...hosts].sort();
  if (second !== undefined)
    findings.ofService(
      'host-disagrees',
      `its instances claim several hosts by metadata; \`${first}\` is taken`,
    );
  return first;
}

function templateHost(group: Group, { source, service }: Part, names: readonly string[] = []): string {
  const { config, type } = source;
  const naming = namingOf(source);
  const { dubbo, name } = service;
  const part = (value: string) => cased(inOneLabel(value), naming);
  const isDubbo = group.kind === 'application' || service.kind === 'dubbo-interface';
  const withoutDefault = (value: string, standard: string) => (isDubbo && value === standard ? '' : value);
  const fallback = (value: string, standard: string) => (type === 'nacos' && value === '' ? standard : value);
  const parts = {
    source: part(source.name),
    type: part(type),
    namespace: part(withoutDefault(fallback(service.namespace, 'public'), 'public')),
    group: part(withoutDefault(fallback(service.group, 'DEFAULT_GROUP'), 'DEFAULT_GROUP')),
    service: name,
    interface: dubbo?.interface || name,
    dubboGroup: part(dubbo?.group ?? ''),
    version: part(dubbo?.version ?? ''),
    application: group.kind === 'application' ? group.application : (dubbo?.application ?? ''),
    ...Object.fromEntries(source.nameKeys.map((key, i) => [`metadata:${key}`, part(names[i] ?? '')])),
  };
  const template =
    group.kind === 'application'
      ? config.dubbo.applicationTemplate
      : isDubbo
        ? config.dubbo.interfaceTemplate
        : config.hostTemplate || '{service}.{group}.{namespace}.{type}';
  return hostFromTemplate(template, parts, naming);
}

function cased(value: string, { keepCase }: Naming): string {
  return keepCase ? value : value.toLowerCase();
}

function namingOf({ config }: SourceRules): Naming {
  return { keepCase: config.caseCompat === 'nacos-istio' };
}
