/** Load balancing policy, slow start, outlier detection and panic threshold of a cluster. */

import type { ConsistentHash, LoadBalancer, OutlierDetection, TrafficPolicy } from '../api';
import { type ClusterPb, duration, optionalDuration, optionalWrap, pb, wrap } from './pb';

const { LbPolicy, DiscoveryType } = pb.envoy.config.cluster.v3.Cluster;

/** Consumes and completes a cluster whose discovery type is set. */
export function applyLoadBalancing(cluster: ClusterPb, policy: TrafficPolicy | undefined): void {
  const lb = policy?.loadBalancer;
  const outlier = policy?.outlierDetection;
  // Written even when 0: absent would mean Envoy's 50.
  cluster.commonLbConfig = { healthyPanicThreshold: { value: outlier?.minHealthPercent ?? 0 } };
  if (outlier) applyOutlierDetection(cluster, outlier);
  const locality = lb?.localityLbSetting;
  if (locality && locality.enabled !== false) {
    const failover = outlier !== undefined && (locality.failover ?? locality.failoverPriority) !== undefined;
    if (failover || locality.distribute) cluster.commonLbConfig.localityWeightedLbConfig = {};
  }
  if (cluster.type === DiscoveryType.ORIGINAL_DST) {
    cluster.lbPolicy = LbPolicy.CLUSTER_PROVIDED;
    return;
  }
  applySimple(cluster, lb);
  if (lb?.consistentHash) applyConsistentHash(cluster, lb.consistentHash);
}

function applySimple(cluster: ClusterPb, lb: LoadBalancer | undefined): void {
  const slowStartConfig = slowStart(lb);
  switch (lb?.simple) {
    case 'RANDOM':
      cluster.lbPolicy = LbPolicy.RANDOM;
      return;
    case 'ROUND_ROBIN':
      cluster.lbPolicy = LbPolicy.ROUND_ROBIN;
      if (slowStartConfig) cluster.roundRobinLbConfig = { slowStartConfig };
      return;
    case 'PASSTHROUGH':
      cluster.lbPolicy = LbPolicy.CLUSTER_PROVIDED;
      cluster.type = DiscoveryType.ORIGINAL_DST;
      cluster.loadAssignment = undefined;
      return;
    default:
      cluster.lbPolicy = LbPolicy.LEAST_REQUEST;
      if (slowStartConfig) cluster.leastRequestLbConfig = { slowStartConfig };
  }
}

function slowStart(lb: LoadBalancer | undefined) {
  if (lb?.warmup) {
    return {
      slowStartWindow: duration(lb.warmup.duration),
      aggression: { defaultValue: lb.warmup.aggression ?? 1, runtimeKey: '(' },
      minWeightPercent: { value: lb.warmup.minimumPercent ?? 10 },
    };
  }
  return lb?.warmupDurationSecs === undefined
    ? undefined
    : { slowStartWindow: duration(lb.warmupDurationSecs) };
}

function applyConsistentHash(cluster: ClusterPb, hash: ConsistentHash): void {
  cluster.leastRequestLbConfig = undefined;
  cluster.roundRobinLbConfig = undefined;
  if (hash.maglev) {
    cluster.lbPolicy = LbPolicy.MAGLEV;
    if (hash.maglev.tableSize) cluster.maglevLbConfig = { tableSize: wrap(hash.maglev.tableSize) };
    return;
  }
  cluster.lbPolicy = LbPolicy.RING_HASH;
  const size = hash.ringHash ? hash.ringHash.minimumRingSize : hash.minimumRingSize || 1024;
  if (size) cluster.ringHashLbConfig = { minimumRingSize: wrap(size) };
}

function applyOutlierDetection(cluster: ClusterPb, outlier: OutlierDetection): void {
  const { consecutive5xxErrors, consecutiveGatewayErrors, splitExternalLocalOriginErrors: split } = outlier;
  const local =
    split && outlier.consecutiveLocalOriginFailures ? outlier.consecutiveLocalOriginFailures : undefined;
  cluster.outlierDetection = {
    enforcingSuccessRate: wrap(0),
    consecutive_5xx: optionalWrap(consecutive5xxErrors),
    enforcingConsecutive_5xx: enforcing(consecutive5xxErrors),
    consecutiveGatewayFailure: optionalWrap(consecutiveGatewayErrors),
    enforcingConsecutiveGatewayFailure: enforcing(consecutiveGatewayErrors),
    interval: optionalDuration(outlier.interval),
    baseEjectionTime: optionalDuration(outlier.baseEjectionTime),
    maxEjectionPercent: optionalWrap(outlier.maxEjectionPercent || undefined),
    splitExternalLocalOriginErrors: split ?? false,
    consecutiveLocalOriginFailure: optionalWrap(local),
    enforcingConsecutiveLocalOriginFailure: enforcing(local),
    enforcingLocalOriginSuccessRate: split ? wrap(0) : undefined,
  };
}

/** 0 errors switch the detector off, any other number enforces it always. */
function enforcing(errors: number | undefined): { value: number } | undefined {
  return errors === undefined ? undefined : wrap(errors > 0 ? 100 : 0);
}
