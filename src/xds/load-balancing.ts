/** Load balancing of a cluster: the older `lb_policy` with its configuration, and the newer policy extensions. */

import type { LoadBalancingPolicy, SlowStart } from '../model';
import type { Findings } from './decoded';
import { unpack } from './extension';
import { pb } from './pb';
import { EXTENSION_TYPE } from './type-urls';
import { percent, positiveDurationMs, wrapped } from './values';

type Cluster = pb.envoy.config.cluster.v3.Cluster;
type Any = pb.google.protobuf.Any.$Properties;
type Wrapper = { value?: number | { toNumber(): number } | null } | null | undefined;

export interface LoadBalancing {
  readonly policy: LoadBalancingPolicy;
  readonly localityWeighted: boolean;
}

const policies = pb.envoy.extensions.load_balancing_policies;
const LbPolicy = pb.envoy.config.cluster.v3.Cluster.LbPolicy;

const DEFAULT_CHOICES = 2;
const DEFAULT_MIN_RING = 1024;
const MAX_RING = 8 * 1024 * 1024;
const DEFAULT_TABLE = 65537;
const MAX_TABLE = 5000011;
const LEAST_REQUEST: LoadBalancingPolicy = {
  kind: 'LEAST_REQUEST',
  choiceCount: DEFAULT_CHOICES,
  activeRequestBias: 1,
};

export function loadBalancing(findings: Findings, cluster: Cluster): LoadBalancing {
  if (cluster.loadBalancingPolicy) return policyExtension(findings, cluster);
  return {
    policy: lbPolicy(findings, cluster),
    localityWeighted: cluster.commonLbConfig?.localityWeightedLbConfig != null,
  };
}

function lbPolicy(findings: Findings, cluster: Cluster): LoadBalancingPolicy {
  switch (cluster.lbPolicy) {
    case LbPolicy.ROUND_ROBIN:
      return roundRobin(findings, cluster.roundRobinLbConfig ?? {}, 'round_robin_lb_config.');
    case LbPolicy.LEAST_REQUEST:
      return leastRequest(findings, cluster.leastRequestLbConfig ?? {}, 'least_request_lb_config.');
    case LbPolicy.RANDOM:
      return { kind: 'RANDOM' };
    case LbPolicy.RING_HASH: {
      const config = cluster.ringHashLbConfig;
      return ringHash(findings, config ?? {}, config?.hashFunction === 1, 'ring_hash_lb_config.');
    }
    case LbPolicy.MAGLEV:
      return maglev(findings, cluster.maglevLbConfig ?? {}, 'maglev_lb_config.');
    case LbPolicy.CLUSTER_PROVIDED:
      return { kind: 'CLUSTER_PROVIDED' };
    case LbPolicy.LOAD_BALANCING_POLICY_CONFIG:
      findings.invalid('load_balancing_policy', 'is missing');
      return LEAST_REQUEST;
    default:
      findings.invalid('lb_policy', `${cluster.lbPolicy} is unknown`);
      return LEAST_REQUEST;
  }
}

/** The first policy that is known counts, as in Envoy. */
function policyExtension(findings: Findings, cluster: Cluster): LoadBalancing {
  const names: string[] = [];
  for (const entry of cluster.loadBalancingPolicy?.policies ?? []) {
    const any = entry.typedExtensionConfig?.typedConfig;
    if (any) {
      const known = knownPolicy(findings, any);
      if (known) return known;
    }
    names.push(entry.typedExtensionConfig?.name ?? '');
  }
  if (names.length === 0) findings.invalid('load_balancing_policy.policies', 'is empty');
  else
    findings.ignored(`load_balancing_policy (${names.join(', ')})`, 'endpoints are chosen by LEAST_REQUEST');
  return { policy: LEAST_REQUEST, localityWeighted: false };
}

function knownPolicy(findings: Findings, any: Any): LoadBalancing | undefined {
  const path = 'load_balancing_policy.';
  switch (any.type_url) {
    case EXTENSION_TYPE.roundRobin: {
      const config = unpack(findings, path, any, policies.RoundRobin) ?? {};
      return { policy: roundRobin(findings, config, path), localityWeighted: byLocality(findings, config) };
    }
    case EXTENSION_TYPE.leastRequest: {
      const config = unpack(findings, path, any, policies.LeastRequest) ?? new policies.LeastRequest();
      if (config.enableFullScan?.value) {
        findings.ignored(`${path}enable_full_scan`, 'only some endpoints are compared');
      }
      return { policy: leastRequest(findings, config, path), localityWeighted: byLocality(findings, config) };
    }
    case EXTENSION_TYPE.random: {
      const config = unpack(findings, path, any, policies.Random) ?? {};
      return { policy: { kind: 'RANDOM' }, localityWeighted: byLocality(findings, config) };
    }
    case EXTENSION_TYPE.ringHash: {
      const config = unpack(findings, path, any, policies.RingHash);
      if (config?.consistentHashingLbConfig) reportHashing(findings, path);
      return {
        policy: ringHash(findings, config ?? {}, config?.hashFunction === 2, path),
        localityWeighted: config?.localityWeightedLbConfig != null,
      };
    }
    case EXTENSION_TYPE.maglev: {
      const config = unpack(findings, path, any, policies.Maglev);
      if (config?.consistentHashingLbConfig) reportHashing(findings, path);
      return {
        policy: maglev(findings, config ?? {}, path),
        localityWeighted: config?.localityWeightedLbConfig != null,
      };
    }
    case EXTENSION_TYPE.clusterProvided:
      return { policy: { kind: 'CLUSTER_PROVIDED' }, localityWeighted: false };
    default:
      return undefined;
  }
}

function reportHashing(findings: Findings, path: string): void {
  findings.ignored(`${path}consistent_hashing_lb_config`, 'hashing takes the address and is not bounded');
}

function byLocality(
  findings: Findings,
  config: pb.envoy.extensions.load_balancing_policies.RoundRobin.$Properties,
): boolean {
  if (config.localityLbConfig?.zoneAwareLbConfig) {
    findings.ignored(
      'load_balancing_policy.locality_lb_config.zone_aware_lb_config',
      'endpoints of the own zone are not preferred',
    );
  }
  return config.localityLbConfig?.localityWeightedLbConfig != null;
}

function roundRobin(
  findings: Findings,
  config: pb.envoy.config.cluster.v3.Cluster.RoundRobinLbConfig.$Properties,
  path: string,
): LoadBalancingPolicy {
  return { kind: 'ROUND_ROBIN', ...slowStart(findings, config.slowStartConfig, path) };
}

function leastRequest(
  findings: Findings,
  config: pb.envoy.config.cluster.v3.Cluster.LeastRequestLbConfig.$Properties,
  path: string,
): LoadBalancingPolicy {
  const choiceCount = wrapped(config.choiceCount, DEFAULT_CHOICES);
  if (choiceCount < 2) findings.invalid(`${path}choice_count`, 'must be at least 2');
  const bias = config.activeRequestBias?.defaultValue ?? (config.activeRequestBias ? 0 : 1);
  return {
    kind: 'LEAST_REQUEST',
    choiceCount,
    // Envoy takes 1 in place of a negative bias.
    activeRequestBias: bias >= 0 ? bias : 1,
    ...slowStart(findings, config.slowStartConfig, path),
  };
}

function slowStart(
  findings: Findings,
  config: pb.envoy.config.cluster.v3.Cluster.SlowStartConfig.$Properties | null | undefined,
  path: string,
): { slowStart?: SlowStart } {
  const windowMs = positiveDurationMs(
    findings,
    `${path}slow_start_config.slow_start_window`,
    config?.slowStartWindow,
  );
  if (!config || windowMs === undefined) return {};
  const aggression = config.aggression ? (config.aggression.defaultValue ?? 0) : 1;
  if (!(aggression > 0)) findings.invalid(`${path}slow_start_config.aggression`, 'must be greater than 0');
  const minWeightPercent = percent(
    findings,
    `${path}slow_start_config.min_weight_percent`,
    config.minWeightPercent,
    10,
  );
  return { slowStart: { windowMs, aggression, minWeightPercent } };
}

function ringHash(
  findings: Findings,
  config: { minimumRingSize?: Wrapper; maximumRingSize?: Wrapper },
  murmur: boolean,
  path: string,
): LoadBalancingPolicy {
  const minimumRingSize = wrapped(config.minimumRingSize, DEFAULT_MIN_RING);
  const maximumRingSize = wrapped(config.maximumRingSize, MAX_RING);
  if (maximumRingSize > MAX_RING) findings.invalid(`${path}maximum_ring_size`, `is greater than ${MAX_RING}`);
  if (minimumRingSize > maximumRingSize) {
    findings.invalid(
      `${path}minimum_ring_size`,
      `${minimumRingSize} is greater than the maximum ${maximumRingSize}`,
    );
  }
  if (murmur)
    findings.ignored(`${path}hash_function`, 'xxHash is used: endpoints differ from what Envoy chooses');
  return { kind: 'RING_HASH', minimumRingSize, maximumRingSize };
}

function maglev(findings: Findings, config: { tableSize?: Wrapper }, path: string): LoadBalancingPolicy {
  const tableSize = wrapped(config.tableSize, DEFAULT_TABLE);
  if (tableSize > MAX_TABLE)
    findings.invalid(`${path}table_size`, `${tableSize} is greater than ${MAX_TABLE}`);
  else if (!isPrime(tableSize)) findings.invalid(`${path}table_size`, `${tableSize} is not a prime number`);
  return { kind: 'MAGLEV', tableSize };
}

function isPrime(n: number): boolean {
  if (n < 2) return false;
  for (let d = 2; d * d <= n; d++) if (n % d === 0) return false;
  return true;
}
