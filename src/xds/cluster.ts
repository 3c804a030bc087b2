/** Cluster to the model. Defaults are Envoy's. */

import type { Cluster } from '../model';
import { clusterTls } from './cluster-tls';
import { connectionPool, httpProtocolOptions } from './connection-pool';
import { type Decoded, decodeSafely, Findings } from './decoded';
import { loadAssignment } from './load-assignment';
import { loadBalancing } from './load-balancing';
import { configOrigin } from './origin';
import { circuitBreakers, outlierDetection } from './outlier-detection';
import { decodeMessage, pb } from './pb';
import { reportUnsupported } from './unsupported-fields';
import { percent, positiveDurationMs } from './values';
import { splitMessage } from './wire';

type PbCluster = pb.envoy.config.cluster.v3.Cluster;

const DISCOVERY = ['STATIC', 'STRICT_DNS', 'LOGICAL_DNS', 'EDS', 'ORIGINAL_DST'] as const;
const DNS_FAMILY = ['auto', 'v4', 'v6', 'auto', 'auto'] as const;
/** Clusters of the sidecar's own listeners. */
const INBOUND = /^(inbound\||InboundPassthroughCluster$)/;
/** The field `resolvers` of every DNS resolver extension. */
const RESOLVERS = 1;
const DEFAULT_DNS_REFRESH_MS = 5_000;
const DEFAULT_PANIC_PERCENT = 50;

/** Decodes a CDS resource. Never throws. */
export function decodeCluster(bytes: Uint8Array): Decoded<Cluster> {
  return decodeSafely(new Findings('Cluster', ''), (findings) => {
    const message = decodeMessage(pb.envoy.config.cluster.v3.Cluster, bytes);
    findings.resource = message.name;
    const value = cluster(findings, message);
    // No call of ours uses them: what they ask for is of no consequence.
    if (INBOUND.test(message.name)) findings.unsupported.length = 0;
    return value;
  });
}

function cluster(findings: Findings, message: PbCluster): Cluster {
  if (message.name === '') findings.invalid('name', 'is empty');
  reportUnsupported(findings, 'Cluster', message, '');
  if (message.commonLbConfig)
    reportUnsupported(findings, 'CommonLbConfig', message.commonLbConfig, 'common_lb_config.');
  if (message.originalDstLbConfig) {
    reportUnsupported(
      findings,
      'OriginalDstLbConfig',
      message.originalDstLbConfig,
      'original_dst_lb_config.',
    );
  }
  reportNetworkFilters(findings, message);
  const discovery = discoveryType(findings, message);
  const { policy, localityWeighted } = loadBalancing(findings, message);
  checkProvided(findings, message, discovery, policy.kind);
  const options = httpProtocolOptions(findings, message);
  const tls = clusterTls(findings, message, options);
  if (tls.kind === 'istio-mutual') findings.notApplied('istioMutual', 'transport_socket');
  const edsServiceName = message.edsClusterConfig?.serviceName;
  const origin = configOrigin(message.metadata);
  return {
    name: message.name,
    ...(message.altStatName ? { statName: message.altStatName } : {}),
    discovery,
    ...(edsServiceName ? { edsServiceName } : {}),
    loadBalancing: policy,
    circuitBreakers: circuitBreakers(findings, message.circuitBreakers),
    ...(message.outlierDetection
      ? { outlierDetection: outlierDetection(findings, message.outlierDetection) }
      : {}),
    pool: connectionPool(findings, message, options),
    healthyPanicThreshold: percent(
      findings,
      'common_lb_config.healthy_panic_threshold',
      message.commonLbConfig?.healthyPanicThreshold,
      DEFAULT_PANIC_PERCENT,
    ),
    localityWeighted,
    tls,
    ...dnsSettings(findings, message, discovery),
    ...inlineEndpoints(findings, message, discovery),
    ...(origin ? { origin } : {}),
  };
}

function discoveryType(findings: Findings, message: PbCluster): Cluster['discovery'] {
  if (message.clusterType) {
    // Istio's dynamic DNS services are such: the application's own look-up comes nearest.
    findings.ignored(`cluster_type (${message.clusterType.name})`, 'calls go where the application dialled');
    return 'ORIGINAL_DST';
  }
  const type = DISCOVERY[message.type ?? 0];
  if (!type) findings.invalid('type', `${message.type} is unknown`);
  if (type === 'EDS') {
    if (!message.edsClusterConfig) findings.invalid('eds_cluster_config', 'is missing');
    else if (message.edsClusterConfig.edsConfig && !message.edsClusterConfig.edsConfig.ads) {
      findings.ignored('eds_cluster_config.eds_config', 'endpoints are asked for on the aggregated stream');
    }
  }
  return type ?? 'STATIC';
}

/** Envoy accepts ORIGINAL_DST only together with CLUSTER_PROVIDED, and the other way round. */
function checkProvided(
  findings: Findings,
  message: PbCluster,
  discovery: Cluster['discovery'],
  policy: Cluster['loadBalancing']['kind'],
): void {
  if (message.clusterType) return;
  const original = discovery === 'ORIGINAL_DST';
  if (original !== (policy === 'CLUSTER_PROVIDED')) {
    findings.invalid('lb_policy', `${policy} does not go with a cluster of type ${discovery}`);
  }
}

function reportNetworkFilters(findings: Findings, message: PbCluster): void {
  message.filters.forEach((filter, index) => {
    // Istio's own exchange workload metadata for telemetry.
    if (filter.name?.startsWith('istio.')) return;
    findings.ignored(`filters[${index}] (${filter.name})`, 'the filter is not run');
  });
}

function dnsSettings(
  findings: Findings,
  message: PbCluster,
  discovery: Cluster['discovery'],
): { dns?: Cluster['dns'] } {
  if (discovery !== 'STRICT_DNS' && discovery !== 'LOGICAL_DNS') return {};
  const resolver = message.typedDnsResolverConfig?.typedConfig?.value;
  if (resolver && splitMessage(resolver, RESOLVERS).parts.length > 0) {
    findings.ignored('typed_dns_resolver_config', "names are resolved by the process' own resolver");
  }
  const family = DNS_FAMILY[message.dnsLookupFamily];
  if (!family) findings.invalid('dns_lookup_family', `${message.dnsLookupFamily} is unknown`);
  return {
    dns: {
      refreshMs:
        positiveDurationMs(findings, 'dns_refresh_rate', message.dnsRefreshRate) ?? DEFAULT_DNS_REFRESH_MS,
      respectTtl: message.respectDnsTtl,
      family: family ?? 'auto',
    },
  };
}

function inlineEndpoints(
  findings: Findings,
  message: PbCluster,
  discovery: Cluster['discovery'],
): { inlineEndpoints?: Cluster['inlineEndpoints'] } {
  if (discovery === 'EDS' || discovery === 'ORIGINAL_DST') return {};
  const path = 'load_assignment.';
  const assignment = message.loadAssignment ?? {};
  const inline = loadAssignment(findings, assignment, discovery === 'STATIC' ? 'ip' : 'name', path);
  const count = inline.localities.reduce((sum, group) => sum + group.endpoints.length, 0);
  if (discovery === 'LOGICAL_DNS' && count !== 1) {
    findings.invalid(`${path}endpoints`, `LOGICAL_DNS takes one endpoint, not ${count}`);
  }
  return { inlineEndpoints: inline };
}
