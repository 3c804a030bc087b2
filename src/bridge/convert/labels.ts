/** An instance's labels: its metadata as far as Kubernetes' syntax takes it, and what telemetry and subsets need. */

import { isLabelKey, isLabelValue } from '../check';
import type { RegistryInstance, RegistryService } from '../model';
import type { Relabel } from './config';
import type { Findings } from './findings';
import { labelValue } from './label-values';
import { claimOf, text } from './metadata';
import type { SourceRules } from './rules';

/** Prefixes (and their subdomains) that say what the platform knows, never what a registry says. */
const RESERVED = ['istio.io', 'k8s.io', 'kubernetes.io'];

/** Parameters of every Dubbo URL that are no labels: lists, counters, and what differs by instance or by start. */
const DUBBO_PARAMETERS: ReadonlySet<string> = new Set([
  ...['methods', 'timestamp', 'pid', 'interface', 'revision', 'deprecated', 'dynamic', 'generic', 'anyhost'],
  ...['bind.ip', 'bind.port', 'metadata-type', 'prefer.serialization', 'serialize.check.status', 'weight'],
  ...['service-name-mapping', 'executor-management-mode', 'file-cache', 'register', 'qos.enable', 'side'],
  ...['category', 'path', 'dubbo.metadata.revision', 'dubbo.metadata-service.url-params', 'dubbo.endpoints'],
  ...['dubbo.metadata.storage-type', 'meta-v', 'background', 'disabled', 'providerAddresses', 'release'],
  ...['ipv6', 'threads', 'accepts', 'dispatcher', 'threadpool'],
]);

export interface LabelsContext {
  readonly source: SourceRules;
  readonly service: RegistryService;
  /** Name for telemetry. */
  readonly app: string;
  readonly findings: Findings;
}

/** All labels but the TLS mode, keys in byte order. */
export function labelsOf(context: LabelsContext, instance: RegistryInstance): Map<string, string> {
  const { source, findings } = context;
  const { relabel, setLabels } = source.config;
  const labels = new Map<string, string>();
  const isDubbo = context.service.kind !== 'service';
  for (const key in instance.metadata) {
    const value: unknown = instance.metadata[key];
    if (typeof value !== 'string' || value === '') continue;
    if (isDubbo && DUBBO_PARAMETERS.has(key)) continue;
    if (isOurs(key) || claimOf(key) !== undefined) continue;
    const moves = relabel.some(({ from, keep }) => from === key && !keep);
    if (!moves && source.keepsLabel(key) && !source.dropsLabel(key)) addLabel(labels, key, value, findings);
  }
  for (const rule of relabel) {
    const value = text(instance.metadata, rule.from) || (rule.otherwise ?? '');
    if (value === '' || (!rule.overwrite && labels.has(rule.to))) continue;
    addLabel(labels, rule.to, replaced(rule, value), findings);
  }
  addOwn(labels, context, instance);
  for (const [key, value] of Object.entries(setLabels)) {
    const filled = value.includes('{') ? labelValue(filledIn(value, context, instance)) : value;
    if (filled !== '') labels.set(key, filled);
  }
  return labels;
}

function filledIn(
  template: string,
  { source, service }: LabelsContext,
  { cluster = '' }: RegistryInstance,
): string {
  const { name, group, namespace } = service;
  const parts: Readonly<Record<string, string>> = {
    service: name,
    group,
    namespace,
    source: source.name,
    cluster,
  };
  return template.replace(/\{(\w+)\}/g, (_all, part: string) => parts[part] ?? '');
}

function replaced({ values }: Relabel, value: string): string {
  return values && Object.hasOwn(values, value) ? values[value]! : value;
}

function addLabel(labels: Map<string, string>, key: string, value: string, findings: Findings): void {
  if (isReserved(key))
    findings.ofService(
      'reserved-label',
      `the metadata \`${key}\` is not for instances to say and becomes no label`,
    );
  else if (!isLabelKey(key)) findings.ofService('bad-label', `\`${shown(key)}\` is no key of a label`);
  else if (!isLabelValue(value))
    findings.ofService(
      'bad-label',
      `the value of \`${key}\` is not in the syntax of labels (63 of A-Z a-z 0-9 - _ .)`,
    );
  else labels.set(key, value);
}

function addOwn(
  labels: Map<string, string>,
  { app, service }: LabelsContext,
  instance: RegistryInstance,
): void {
  const name = labels.get('app') ?? labelValue(app);
  if (name !== '') {
    labels.set('app', name);
    labels.set('service.istio.io/canonical-name', name);
  }
  const version =
    labels.get('version') ?? labelValue(text(instance.metadata, 'version') || (service.dubbo?.version ?? ''));
  if (version !== '') {
    labels.set('version', version);
    labels.set('service.istio.io/canonical-revision', version);
  }
  const cluster = labelValue(instance.cluster ?? '');
  if (cluster !== '') labels.set('cluster', cluster);
}

/** Metadata for inmesh itself. */
function isOurs(key: string): boolean {
  return key.startsWith('inmesh.');
}

function isReserved(key: string): boolean {
  const lower = key.toLowerCase();
  if (lower === 'istio-locality') return true;
  const slash = lower.indexOf('/');
  const prefix = slash === -1 ? lower : lower.slice(0, slash);
  return RESERVED.some((each) => prefix === each || prefix.endsWith(`.${each}`));
}

function shown(key: string): string {
  return key.length > 80 ? `${key.slice(0, 80)}…` : key;
}
