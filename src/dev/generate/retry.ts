/** Retry policies, istiod's default included. */

import { STATUS_CODES } from 'node:http';
import { EXTENSION_TYPE } from '../../xds';
import type { Retries } from '../api';
import { duration, optionalDuration, type RetryPolicyPb, wrap } from './pb';

const DEFAULT_CONDITIONS = 'connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes';

const PREVIOUS_HOSTS: RetryPolicyPb['retryHostPredicate'] = [
  {
    name: 'envoy.retry_host_predicates.previous_hosts',
    typedConfig: { type_url: EXTENSION_TYPE.previousHosts, value: new Uint8Array(0) },
  },
];

/** undefined = no retries. With consistent hashing another host is not sought. */
export function retryPolicy(
  retries: Retries | undefined,
  consistentHash: boolean,
): RetryPolicyPb | undefined {
  const policy: RetryPolicyPb = {
    retryOn: DEFAULT_CONDITIONS,
    numRetries: wrap(2),
    retryHostPredicate: consistentHash ? [] : PREVIOUS_HOSTS,
    hostSelectionRetryMaxAttempts: 5,
  };
  if (!retries) return policy;
  const attempts = retries.attempts ?? 0;
  if (attempts <= 0) return undefined;
  policy.numRetries = wrap(attempts);
  if (retries.retryOn) Object.assign(policy, conditions(retries.retryOn));
  policy.perTryTimeout = optionalDuration(retries.perTryTimeout);
  if (retries.retryIgnorePreviousHosts !== undefined) {
    policy.retryHostPredicate = retries.retryIgnorePreviousHosts ? PREVIOUS_HOSTS : [];
  }
  if (retries.retryRemoteLocalities) policy.retryPriority = PREVIOUS_PRIORITIES;
  if (retries.backoff !== undefined) policy.retryBackOff = { baseInterval: duration(retries.backoff) };
  return policy;
}

/** Numbers among the conditions are status codes. */
function conditions(retryOn: string): Pick<RetryPolicyPb, 'retryOn' | 'retriableStatusCodes'> {
  const parts = retryOn.split(',').map((part) => part.trim());
  const isCode = (part: string) => /^\d+$/.test(part) && STATUS_CODES[part] !== undefined;
  const codes = parts.filter(isCode).map(Number);
  const names = parts.filter((part) => part !== '' && !isCode(part));
  if (codes.length > 0 && !names.some((name) => name.includes('retriable-status-codes'))) {
    names.push('retriable-status-codes');
  }
  return { retryOn: names.join(','), retriableStatusCodes: codes };
}

/** RetryPriority { name: "envoy.retry_priorities.previous_priorities" }: read by presence only. */
const PREVIOUS_PRIORITIES = (() => {
  const name = Buffer.from('envoy.retry_priorities.previous_priorities');
  return Buffer.concat([Buffer.from([0x0a, name.length]), name]);
})();
