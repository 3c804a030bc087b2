import type { SettingSource, Settings } from '../../config';
import { type Finding, findingsOf } from './finding';

const { ok, warning } = findingsOf('identity');

/** What follows when a part of the identity is not said. */
const MISSING: Readonly<Record<string, string>> = {
  POD_NAME:
    'the host name stands in; istiod finds no pod, so labels and locality come from the environment only',
  POD_NAMESPACE:
    'namespace "default" stands in: short names, exportTo, Sidecar resources and DestinationRules of that namespace apply, and a token of another is refused',
  INSTANCE_IP: 'the first address that is not a loopback one stands in; istiod may not find the workload',
  SERVICE_ACCOUNT: 'istiod takes the one of the token',
  ISTIO_METAJSON_LABELS: 'sourceLabels and workload selectors do not match this process',
};

/** Who this process says it is. Outside Kubernetes everything has a stand-in; in a pod the environment must say it. */
export function checkIdentity(
  { identity }: Settings,
  sources: readonly SettingSource[],
  kubernetes: boolean,
): Finding[] {
  const missing = sources.filter(({ name, source }) => name in MISSING && source === 'default');
  const findings = missing
    // Labels may also have come from the downward API's file.
    .filter(({ name }) => name !== 'ISTIO_METAJSON_LABELS' || Object.keys(identity.labels).length === 0)
    .map(({ name }) =>
      warning(
        `${name} is not set: ${MISSING[name]}`,
        kubernetes
          ? 'set it from the downward API as examples/kubernetes.yaml does'
          : 'set it if this process is to be taken for a workload of the mesh',
      ),
    );
  const { podName, podNamespace, instanceIp, serviceAccount, labels } = identity;
  const shown = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  const account = serviceAccount === '' ? '' : `, service account ${serviceAccount}`;
  return [
    ok(
      `pod ${podName}, namespace ${podNamespace}, ${instanceIp}${account}, labels ${shown.join(',') || 'none'}`,
    ),
    ...findings,
  ];
}
