/** A mesh service from its registry services: which hosts it asks for and what stands behind each. Pure. */

import type { RegistryService, Rejection } from '../model';
import { claimsOf, type HostClaim, type Part, protocolClaim } from './claims';
import { type Draft, draftOf, type Placed } from './draft';
import { Findings } from './findings';
import { convertInstance, type Member } from './instance';
import { type Group, isOfApplication } from './level';
import { compareProtocols, type Protocol } from './protocol';
import { type Rules, type SourceRules, serviceRules } from './rules';

export interface GroupPart {
  readonly source: SourceRules;
  readonly service: RegistryService;
}

export interface BuiltGroup {
  /** Every host that is asked for, also while nothing can be served there. */
  readonly claims: readonly HostClaim[];
  readonly drafts: readonly Draft[];
  readonly rejections: readonly Rejection[];
}

/** Converts one group; `found` in any order, never empty. Never throws. */
export function buildGroup(rules: Rules, group: Group, found: readonly GroupPart[]): BuiltGroup {
  const parts = inOrder(group, found).map(({ source, service }) => ({
    source,
    service,
    rules: serviceRules(source, service),
    findings: new Findings(source.name, service.key),
  }));
  const { own, aliases, named } = claimsOf(rules, group, parts);
  const claims = own ? [own, ...aliases] : [...aliases];
  const drafts: Draft[] = [];
  const add = (
    claim: HostClaim,
    protocols: readonly Protocol[],
    members: readonly Placed[],
    of: readonly Part[],
  ) => {
    const draft = draftOf(group, claim, protocols, members, of);
    if (draft) drafts.push(draft);
  };
  const serve = (at: readonly HostClaim[], main: HostClaim | undefined, placed: readonly Placed[]) => {
    if (placed.length === 0) return;
    const [first, ...others] = protocolSets(group, parts, placed);
    for (const claim of at) add(claim, first!.protocols, first!.placed, parts);
    for (const { protocols, placed: some } of others) {
      const claim = main && protocolClaim(rules, main, protocols[0]!, parts[0]!);
      if (!claim) continue;
      claims.push(claim);
      add(claim, protocols, some, parts);
    }
  };
  const placed = membersOf(group, parts);
  serve([...claims], own, placed);
  if (named)
    for (const [names, some] of byNames(placed)) {
      const claim = named(names);
      if (!claim) continue;
      claims.push(claim);
      serve([claim], claim, some);
    }
  return { claims, drafts, rejections: parts.flatMap(({ findings }) => findings.list()) };
}

/** By source, then key. An application that registers as such is taken at that word, not by its interfaces. */
function inOrder(group: Group, parts: readonly GroupPart[]): GroupPart[] {
  const sorted = [...parts].sort(
    (a, b) => a.source.order - b.source.order || (a.service.key < b.service.key ? -1 : 1),
  );
  if (group.kind !== 'application') return sorted;
  const applications = sorted.filter(({ service }) => service.kind === 'dubbo-application');
  return applications.length > 0 ? applications : sorted;
}

function membersOf(group: Group, parts: readonly Part[]): Placed[] {
  const labels = new Map<string, Member['labels']>();
  return parts.flatMap((part) => {
    const { source, service, rules, findings } = part;
    const app = group.kind === 'application' ? group.application : service.dubbo?.application || service.name;
    const conversion = { source, service, rules, app, findings, labels };
    const placed: Placed[] = [];
    for (const instance of inByteOrder(service)) {
      if (
        group.kind === 'application' &&
        service.kind === 'dubbo-interface' &&
        !isOfApplication(service, instance.metadata, group.application)
      )
        continue;
      const member = convertInstance(conversion, instance);
      if (member) placed.push({ part, member });
    }
    return placed;
  });
}

/** Those of the same names together, in the order of these. */
function byNames(placed: readonly Placed[]): [names: readonly string[], placed: Placed[]][] {
  const sets = new Map<string, Placed[]>();
  for (const each of placed) {
    const key = JSON.stringify(each.member.names);
    const known = sets.get(key);
    if (known) known.push(each);
    else sets.set(key, [each]);
  }
  return [...sets].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, some]) => [some[0]!.member.names, some]);
}

function inByteOrder({ instances }: RegistryService): RegistryService['instances'] {
  return [...instances].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
}

interface ProtocolSet {
  readonly protocols: readonly Protocol[];
  readonly placed: readonly Placed[];
}

/**
 * One set when all members speak the same protocols. Otherwise one for each protocol, the preferred first: an endpoint
 * must map every port of its entry, as istiod takes the service port's own number where one is missing.
 */
function protocolSets(group: Group, parts: readonly Part[], placed: readonly Placed[]): ProtocolSet[] {
  const dubboFirst = parts.some(({ service }) => service.kind !== 'service');
  const all = new Set<Protocol>();
  for (const { member } of placed) for (const protocol of member.ports.keys()) all.add(protocol);
  const sorted = [...all].sort((a, b) => compareProtocols(a, b, dubboFirst));
  const names = group.kind === 'union' ? group.union.join?.portNames : undefined;
  const wanted = names ? sorted.filter((protocol) => names[protocol] !== undefined) : sorted;
  const sets = wanted.every((protocol) => placed.every(({ member }) => member.ports.has(protocol)))
    ? [{ protocols: wanted, placed }]
    : wanted.map((protocol) => ({
        protocols: [protocol],
        placed: placed.filter(({ member }) => member.ports.has(protocol)),
      }));
  if (!names) return sets;
  reportNotJoined(wanted.length === 0 ? [] : [sets[0]!], placed);
  return wanted.length === 0 ? [{ protocols: [], placed: [] }] : [sets[0]!];
}

/** Behind a Kubernetes Service there is one host only: what its ports do not hold is left out. */
function reportNotJoined(sets: readonly ProtocolSet[], placed: readonly Placed[]): void {
  for (const each of placed) {
    const set = sets.find((one) => one.placed.includes(each));
    const missing = [...each.member.ports.keys()].filter((protocol) => !set?.protocols.includes(protocol));
    if (missing.length === 0) continue;
    const reason = `it speaks ${missing.join(', ')}, which no port in \`portNames\` takes for all instances`;
    each.part.findings.ofInstance('not-joined', each.member.id, reason);
  }
}
