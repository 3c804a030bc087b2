import { readFileSync } from 'node:fs';
import type { Identity } from './settings';

/** Where Kubernetes' downward API puts the pod's labels when Istio's own template is followed. */
const POD_LABELS_FILE = '/etc/istio/pod/labels';

const META_PREFIX = 'ISTIO_META_';

/** What the registry has read of the process's identity. */
export interface IdentityValues {
  readonly podName: string;
  readonly podNamespace: string;
  readonly instanceIp: string;
  readonly serviceAccount: string;
  readonly trustDomain: string;
  readonly labels: string;
  readonly locality: string;
}

/**
 * Who this process is. Outside Kubernetes: host name and first address that is not a loopback one (decision 14).
 * `report` is told of labels that cannot be read.
 */
export function identityFrom(
  values: IdentityValues,
  env: Readonly<Record<string, string | undefined>>,
  report: (problem: string) => void,
  labelsFile: string = POD_LABELS_FILE,
): Identity {
  const [region = '', zone = '', subZone = ''] = values.locality.split('/').map((part) => part.trim());
  return {
    podName: values.podName || os().hostname(),
    podNamespace: values.podNamespace,
    instanceIp: values.instanceIp || firstAddress(),
    serviceAccount: values.serviceAccount,
    trustDomain: values.trustDomain,
    meta: metaFrom(env),
    labels: { ...downwardLabels(labelsFile), ...labelsFrom(values.labels, report) },
    locality: { region, zone, subZone },
  };
}

/** Loaded when somebody asks who this process is, not with the preload. */
function os(): typeof import('node:os') {
  return require('node:os');
}

function firstAddress(): string {
  const all = Object.values(os().networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const outward = all.filter((address) => !address.internal);
  const chosen = outward.find((address) => address.family === 'IPv4') ?? outward[0];
  return chosen?.address ?? '127.0.0.1';
}

function metaFrom(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const meta: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || !name.startsWith(META_PREFIX) || name.length === META_PREFIX.length) continue;
    if (name !== 'ISTIO_META_LABELS') meta[name.slice(META_PREFIX.length)] = value;
  }
  return meta;
}

function labelsFrom(json: string, report: (problem: string) => void): Record<string, string> {
  if (json === '') return {};
  try {
    const parsed: unknown = JSON.parse(json);
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) {
      return Object.fromEntries(Object.entries(parsed).map(([key, value]) => [key, String(value)]));
    }
  } catch {
    // Said below, together with JSON that is no object.
  }
  report(
    'ISTIO_METAJSON_LABELS is not a JSON object such as {"app":"shop"}; the process has no labels from it',
  );
  return {};
}

/** The downward API's format: one `key="value"` a line. The file is there only where a pod mounts it. */
function downwardLabels(file: string): Record<string, string> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return {};
  }
  const labels: Record<string, string> = {};
  for (const [, key, value] of text.matchAll(/^([^=\s]+)="(.*)"$/gm)) {
    if (key !== undefined && value !== undefined) labels[key] = value.replace(/\\(.)/g, '$1');
  }
  return labels;
}
