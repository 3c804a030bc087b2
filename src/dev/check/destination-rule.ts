/** Istio's rules for DestinationRules and Sidecars. */

import type { TrafficPolicy } from '../api';
import { type Check, checkExportTo, isHostName } from './context';

type Rule = Check<'DestinationRule'>;

export function checkDestinationRule(check: Rule): void {
  const { spec } = check;
  checkExportTo(check, spec.exportTo);
  if (!isHostName(spec.host)) {
    check.error(
      spec,
      'host',
      `\`${spec.host}\` is no host name`,
      'write a DNS name, *.suffix, or a short name',
    );
  }
  const names = new Set<string>();
  for (const subset of spec.subsets ?? []) {
    if (names.has(subset.name)) {
      check.error(subset, 'name', `two subsets are named \`${subset.name}\``, 'give each a name of its own');
    }
    names.add(subset.name);
    if (!/^[a-zA-Z0-9]([-a-zA-Z0-9_.]*[a-zA-Z0-9])?$/.test(subset.name)) {
      check.error(subset, 'name', `\`${subset.name}\` is no subset name`, 'use letters, digits, - and .');
    }
    if (subset.trafficPolicy) checkPolicy(check, subset.trafficPolicy);
  }
  if (spec.trafficPolicy) checkPolicy(check, spec.trafficPolicy);
}

function checkPolicy(check: Rule, policy: TrafficPolicy): void {
  if (Object.keys(policy).length === 0) {
    check.error(policy, undefined, 'the traffic policy is empty', 'add a setting, or remove it');
  }
  for (const each of [policy, ...(policy.portLevelSettings ?? [])]) {
    const { loadBalancer, tls, outlierDetection } = each;
    if (tls?.mode === 'MUTUAL' && !tls.credentialName && !(tls.clientCertificate && tls.privateKey)) {
      const advice = 'add both files, or `credentialName`';
      check.error(each, 'tls', 'MUTUAL needs `clientCertificate` and `privateKey`', advice);
    }
    if (outlierDetection?.consecutiveErrors !== undefined) {
      const advice = 'use `consecutive5xxErrors`';
      check.warning(
        outlierDetection,
        'consecutiveErrors',
        '`consecutiveErrors` has no effect in Istio',
        advice,
      );
    }
    const pool = each.connectionPool?.http;
    if (pool?.useClientProtocol && pool.h2UpgradePolicy === 'UPGRADE') {
      const advice = 'keep one of them';
      check.error(
        pool,
        'useClientProtocol',
        "the client's protocol and an upgrade exclude each other",
        advice,
      );
    }
    const hash = loadBalancer?.consistentHash;
    if (hash?.maglev && !isPrime(hash.maglev.tableSize ?? 0)) {
      check.error(hash, 'maglev', 'the `tableSize` of maglev must be a prime number', 'use 65537');
    }
    const keys = ['httpHeaderName', 'httpCookie', 'useSourceIp', 'httpQueryParameterName'] as const;
    if (hash && keys.every((key) => hash[key] === undefined)) {
      check.error(loadBalancer, 'consistentHash', 'there is no key to hash', `add one of ${keys.join(', ')}`);
    }
    for (const entry of loadBalancer?.localityLbSetting?.distribute ?? []) {
      const total = Object.values(entry.to).reduce((sum, weight) => sum + weight, 0);
      if (total !== 100) check.error(entry, 'to', `the weights add up to ${total}`, 'make them 100 together');
    }
    for (const entry of loadBalancer?.localityLbSetting?.failover ?? []) {
      if (entry.from === entry.to)
        check.error(entry, 'to', 'a region fails over to itself', 'name another region');
    }
  }
}

function isPrime(n: number): boolean {
  for (let divisor = 2; divisor * divisor <= n; divisor++) if (n % divisor === 0) return false;
  return n > 1;
}

export function checkSidecar(check: Check<'Sidecar'>): void {
  const { spec } = check;
  const egress = spec.egress ?? [];
  egress.forEach((listener, index) => {
    if (listener.hosts.length === 0)
      check.error(listener, 'hosts', 'the listener has no hosts', 'add namespace/host');
    listener.hosts.forEach((host, at) => {
      const [namespace, name, more] = host.split('/');
      if (!namespace || !name || more !== undefined || !isHostName(name)) {
        check.error(
          listener.hosts,
          at,
          `\`${host}\` is not of the form namespace/host`,
          'write ./*, */host or ns/host',
        );
      }
    });
    if (!listener.port && index < egress.length - 1) {
      check.error(listener, undefined, 'a listener without port must be the last one', 'move it to the end');
    }
  });
  if (spec.workloadSelector && Object.keys(spec.workloadSelector.labels ?? {}).length === 0) {
    check.error(spec, 'workloadSelector', 'the selector has no labels', 'add labels, or remove it');
  }
}
