/** What a route does: forward, redirect or answer directly. */

import type {
  DirectResponseAction,
  ForwardAction,
  HashPolicy,
  MirrorPolicy,
  RedirectAction,
  RegexRewrite,
  WeightedCluster,
} from '../model';
import { NO_HEADER_CHANGES } from '../model';
import type { Findings } from './decoded';
import { headerChanges } from './headers';
import { isSet } from './match';
import type { pb } from './pb';
import { regexOf } from './regex';
import { retryPolicy } from './retry';
import { reportUnsupported } from './unsupported-fields';
import { durationMs, runtimeFraction, wrapped } from './values';

type PbRouteAction = pb.envoy.config.route.v3.RouteAction.$Properties;
type PbMirror = pb.envoy.config.route.v3.RouteAction.RequestMirrorPolicy.$Properties;
type PbHashPolicy = pb.envoy.config.route.v3.RouteAction.HashPolicy.$Properties;

/** Envoy's route timeout when none is said; istiod always says one. */
const DEFAULT_TIMEOUT_MS = 15_000;
const NOT_FOUND_STATUS = [503, 404, 500];
const REDIRECT_STATUS = [301, 302, 303, 307, 308] as const;

/** What the virtual host gives to routes that say nothing themselves. */
export interface RouteDefaults {
  readonly retryPolicy?: pb.envoy.config.route.v3.RetryPolicy.$Properties | null;
  readonly mirrors?: PbMirror[] | null;
}

export function forwardAction(
  findings: Findings,
  message: PbRouteAction,
  defaults: RouteDefaults,
  path: string,
): ForwardAction {
  reportUnsupported(findings, 'RouteAction', message, path);
  reportUpgrades(findings, message, path);
  if (message.prefixRewrite && message.regexRewrite) {
    findings.invalid(`${path}regex_rewrite`, 'is said together with prefix_rewrite');
  }
  const status = NOT_FOUND_STATUS[message.clusterNotFoundResponseCode ?? 0];
  if (!status) findings.invalid(`${path}cluster_not_found_response_code`, 'is unknown');
  const policy = message.retryPolicy ?? defaults.retryPolicy;
  const retry = policy ? retryPolicy(findings, policy, `${path}retry_policy.`) : undefined;
  return {
    kind: 'forward',
    clusters: clusters(findings, message, path),
    weighted: isSet(message.weightedClusters),
    ...(message.prefixRewrite ? { prefixRewrite: message.prefixRewrite } : {}),
    ...(message.regexRewrite
      ? { regexRewrite: regexRewrite(findings, message.regexRewrite, `${path}regex_rewrite`) }
      : {}),
    ...(message.hostRewriteLiteral ? { hostRewrite: message.hostRewriteLiteral } : {}),
    timeoutMs: durationMs(findings, `${path}timeout`, message.timeout) ?? DEFAULT_TIMEOUT_MS,
    ...(retry ? { retry } : {}),
    hashPolicies: hashPolicies(findings, message.hashPolicy ?? [], `${path}hash_policy`),
    mirrors: mirrors(
      findings,
      message.requestMirrorPolicies?.length ? message.requestMirrorPolicies : (defaults.mirrors ?? []),
      `${path}request_mirror_policies`,
    ),
    clusterNotFoundStatus: status ?? 503,
  };
}

function reportUpgrades(findings: Findings, message: PbRouteAction, path: string): void {
  (message.upgradeConfigs ?? []).forEach((upgrade, index) => {
    const field = `${path}upgrade_configs[${index}]`;
    if (upgrade.connectConfig) findings.ignored(`${field}.connect_config`, 'CONNECT is passed on');
    if (upgrade.enabled && !upgrade.enabled.value)
      findings.ignored(`${field}.enabled`, 'the upgrade is passed on');
  });
}

function clusters(findings: Findings, message: PbRouteAction, path: string): WeightedCluster[] {
  if (isSet(message.cluster)) {
    if (message.cluster === '') findings.invalid(`${path}cluster`, 'is empty');
    return [{ name: message.cluster, weight: 1, headers: NO_HEADER_CHANGES }];
  }
  const weighted = message.weightedClusters;
  if (!weighted) {
    if (!findings.leftOut) findings.invalid(`${path}cluster_specifier`, 'is missing');
    return [];
  }
  reportUnsupported(findings, 'WeightedCluster', weighted, `${path}weighted_clusters.`);
  const list = (weighted.clusters ?? []).map((entry, index) =>
    weightedCluster(findings, entry, `${path}weighted_clusters.clusters[${index}].`),
  );
  const total = list.reduce((sum, entry) => sum + entry.weight, 0);
  if (total < 1 || total > 0xffffffff) {
    findings.invalid(`${path}weighted_clusters`, `the sum of weights is ${total}`);
  }
  return list;
}

function weightedCluster(
  findings: Findings,
  entry: pb.envoy.config.route.v3.WeightedCluster.ClusterWeight.$Properties,
  path: string,
): WeightedCluster {
  reportUnsupported(findings, 'ClusterWeight', entry, path);
  if (!entry.name && !entry.clusterHeader) findings.invalid(`${path}name`, 'is empty');
  if (!entry.weight) findings.invalid(`${path}weight`, 'is missing');
  return {
    name: entry.name ?? '',
    weight: wrapped(entry.weight, 0),
    headers: headerChanges(findings, entry, path),
    ...(entry.hostRewriteLiteral ? { hostRewrite: entry.hostRewriteLiteral } : {}),
  };
}

function mirrors(findings: Findings, messages: readonly PbMirror[], path: string): MirrorPolicy[] {
  const list: MirrorPolicy[] = [];
  messages.forEach((message, index) => {
    const field = `${path}[${index}].`;
    if (message.clusterHeader) {
      findings.ignored(`${field}cluster_header`, 'this mirror gets no requests');
      return;
    }
    if (!message.cluster) findings.invalid(`${field}cluster`, 'is empty');
    reportUnsupported(findings, 'RequestMirrorPolicy', message, field);
    if (message.runtimeFraction?.runtimeKey) {
      findings.ignored(
        `${field}runtime_fraction.runtime_key`,
        'there is no runtime: the default share counts',
      );
    }
    list.push({
      cluster: message.cluster ?? '',
      ...(message.runtimeFraction
        ? { fraction: runtimeFraction(findings, `${field}runtime_fraction`, message.runtimeFraction) }
        : {}),
      shadowSuffix: message.disableShadowHostSuffixAppend !== true,
    });
  });
  if (list.length > 0) findings.notApplied('mirror', path);
  return list;
}

export function hashPolicies(
  findings: Findings,
  messages: readonly PbHashPolicy[],
  path: string,
): HashPolicy[] {
  const list: HashPolicy[] = [];
  messages.forEach((message, index) => {
    const policy = hashPolicy(findings, message, `${path}[${index}].`);
    if (policy) list.push(policy);
  });
  return list;
}

function hashPolicy(findings: Findings, message: PbHashPolicy, path: string): HashPolicy | undefined {
  const terminal = message.terminal === true;
  const { header, cookie, connectionProperties, queryParameter } = message;
  if (header) {
    if (!header.headerName) findings.invalid(`${path}header.header_name`, 'is empty');
    if (header.regexRewrite) {
      findings.ignored(`${path}header.regex_rewrite`, 'the hash is taken of the whole header value');
    }
    return { kind: 'header', name: (header.headerName ?? '').toLowerCase(), terminal };
  }
  if (cookie) {
    if (!cookie.name) findings.invalid(`${path}cookie.name`, 'is empty');
    if (cookie.attributes?.length)
      findings.ignored(`${path}cookie.attributes`, 'the cookie is made without them');
    const ttlMs = durationMs(findings, `${path}cookie.ttl`, cookie.ttl);
    return {
      kind: 'cookie',
      name: cookie.name ?? '',
      ...(ttlMs === undefined ? {} : { ttlMs }),
      path: cookie.path ?? '',
      terminal,
    };
  }
  if (connectionProperties)
    return connectionProperties.sourceIp ? { kind: 'source-ip', terminal } : undefined;
  if (queryParameter) {
    if (!queryParameter.name) findings.invalid(`${path}query_parameter.name`, 'is empty');
    return { kind: 'query', name: queryParameter.name ?? '', terminal };
  }
  if (message.filterState) findings.ignored(`${path}filter_state`, 'no hash is taken of it');
  else findings.invalid(`${path}policy_specifier`, 'is missing');
  return undefined;
}

export function redirectAction(
  findings: Findings,
  message: pb.envoy.config.route.v3.RedirectAction.$Properties,
  path: string,
): RedirectAction {
  reportUnsupported(findings, 'RedirectAction', message, path);
  const status = REDIRECT_STATUS[message.responseCode ?? 0];
  if (!status) findings.invalid(`${path}response_code`, `${message.responseCode} is unknown`);
  const port = message.portRedirect ?? 0;
  if (port > 65535) findings.invalid(`${path}port_redirect`, `${port} is greater than 65535`);
  const scheme = message.httpsRedirect ? 'https' : message.schemeRedirect;
  return {
    kind: 'redirect',
    status: status ?? 301,
    ...(scheme ? { scheme } : {}),
    ...(message.hostRedirect ? { host: message.hostRedirect } : {}),
    ...(port ? { port } : {}),
    // istiod says an empty path for "keep the request's".
    ...(message.pathRedirect ? { path: message.pathRedirect } : {}),
    ...(message.prefixRewrite ? { prefixRewrite: message.prefixRewrite } : {}),
    ...(message.regexRewrite
      ? { regexRewrite: regexRewrite(findings, message.regexRewrite, `${path}regex_rewrite`) }
      : {}),
    stripQuery: message.stripQuery === true,
  };
}

export function directResponseAction(
  findings: Findings,
  message: pb.envoy.config.route.v3.DirectResponseAction.$Properties,
  path: string,
): DirectResponseAction {
  reportUnsupported(findings, 'DirectResponseAction', message, path);
  const status = message.status ?? 0;
  if (status < 200 || status > 599) findings.invalid(`${path}status`, `${status} is not between 200 and 599`);
  const source = message.body;
  if (source?.filename) findings.leaveOut(`${path}body.filename`, 'files are not read');
  if (source?.environmentVariable) findings.leaveOut(`${path}body.environment_variable`, 'it is not read');
  const bytes = source?.inlineBytes;
  const body = source?.inlineString ?? (bytes ? Buffer.from(bytes).toString('utf8') : '');
  return { kind: 'direct-response', status, body };
}

function regexRewrite(
  findings: Findings,
  message: pb.envoy.type.matcher.v3.RegexMatchAndSubstitute.$Properties,
  path: string,
): RegexRewrite {
  return {
    regex: regexOf(findings, `${path}.pattern`, message.pattern),
    substitution: message.substitution ?? '',
  };
}
