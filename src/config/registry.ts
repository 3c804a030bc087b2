/**
 * The one list of settings. The README's table is written from it (`npm run docs`), `loadSettings` reads it,
 * and nothing else in the product reads the environment.
 */

import type { Definition } from './definition';

const ISTIO_DATA = '/var/run/secrets';

/** `grpcs://host:port` or `grpc://host:port`; returns what is expected when it is neither. */
function checkXds(text: string): string | undefined {
  const found = /^grpcs?:\/\/(?:[^\s/:@[\]]+|\[[0-9a-fA-F:.]+\]):(\d{1,5})\/?$/.exec(text);
  const port = Number(found?.[1] ?? 0);
  return port > 0 && port < 65_536 ? undefined : 'grpcs://host:port (or grpc://host:port for plaintext)';
}

/** `region/zone/subzone`, the last two optional. */
function checkLocality(text: string): string | undefined {
  return text.split('/').length <= 3 ? undefined : 'region/zone/subzone';
}

/** Items `service=value`; the service may be `*`, or stand behind its kind of registry (`eureka/ORDERS`). */
function checkPairs(value: RegExp, expected: string): (item: string) => string | undefined {
  return (item) => {
    const at = item.indexOf('=');
    return at > 0 && value.test(item.slice(at + 1).trim()) ? undefined : `a list of ${expected}`;
  };
}

export const DEFINITIONS = {
  enabled: {
    name: 'INMESH',
    type: { kind: 'switch' },
    default: 'on',
    sentence: 'Switches the agent on or off. Off from the start leaves the process exactly as it was.',
    aliases: ['profile.micro.service.envoy.xds.enable'],
    runTime: true,
  },
  xds: {
    name: 'INMESH_XDS',
    type: { kind: 'text', check: checkXds },
    default: 'grpcs://istiod.istio-system.svc:15012',
    sentence:
      'The control plane: `grpcs://host:port` (TLS, verified) or `grpc://host:port` (plaintext, no token).',
  },
  xdsCa: {
    name: 'INMESH_XDS_CA',
    type: { kind: 'text' },
    default: `${ISTIO_DATA}/istio/root-cert.pem`,
    sentence: "PEM file with the root of the control plane's certificate.",
  },
  xdsServerName: {
    name: 'INMESH_XDS_SERVER_NAME',
    type: { kind: 'text' },
    default: '',
    sentence: "Name to verify in the control plane's certificate, if it is not the host of `INMESH_XDS`.",
  },
  token: {
    name: 'INMESH_TOKEN',
    type: { kind: 'text' },
    default: `${ISTIO_DATA}/tokens/istio-token`,
    sentence:
      'File with the token for the control plane. Read again for every connection, because it rotates.',
  },
  hooks: {
    name: 'INMESH_HOOKS',
    type: { kind: 'list' },
    default: '',
    sentence: 'Only these hooks, by name, separated by commas. Empty means all.',
  },
  hooksOff: {
    name: 'INMESH_HOOKS_OFF',
    type: { kind: 'list' },
    default: '',
    sentence: 'Hooks to leave out, by name, separated by commas.',
    runTime: true,
  },
  firstUseTimeoutMs: {
    name: 'INMESH_FIRST_USE_TIMEOUT',
    type: { kind: 'duration' },
    default: '2s',
    unit: 'ms, s, m, h',
    sentence:
      'How long the first call to a host may wait for the control plane to say whether it is in the mesh.',
  },
  snapshotDir: {
    name: 'INMESH_SNAPSHOT_DIR',
    type: { kind: 'text' },
    default: '',
    sentence:
      'Folder for the last known configuration, so that a process can start while the control plane is away.',
  },
  snapshotMaxAgeMs: {
    name: 'INMESH_SNAPSHOT_MAX_AGE',
    type: { kind: 'duration' },
    default: '24h',
    unit: 'ms, s, m, h',
    sentence: 'A snapshot older than this is ignored.',
  },
  log: {
    name: 'INMESH_LOG',
    type: { kind: 'choice', of: ['debug', 'info', 'warn', 'error', 'off'] },
    default: 'info',
    sentence:
      'Least severe lines that are written to standard error: `debug`, `info`, `warn`, `error` or `off`.',
    runTime: true,
  },
  logFormat: {
    name: 'INMESH_LOG_FORMAT',
    type: { kind: 'choice', of: ['auto', 'json', 'pretty'] },
    default: 'auto',
    sentence: '`json`, `pretty`, or `auto`: pretty on a terminal, JSON elsewhere.',
  },
  file: {
    name: 'INMESH_FILE',
    type: { kind: 'text' },
    default: '',
    sentence:
      'JSON file whose values change the marked settings while the process runs; what the environment switches off stays off.',
  },
  workerMemoryMb: {
    name: 'INMESH_WORKER_MEMORY',
    type: { kind: 'integer', minimum: 32, maximum: 65_536 },
    default: '512',
    unit: 'MiB',
    sentence:
      'Heap limit of the worker thread that follows the control plane. Reaching it restarts the worker, not the application.',
  },
  envoyHeaders: {
    name: 'INMESH_ENVOY_HEADERS',
    type: { kind: 'switch' },
    default: 'on',
    sentence: 'Adds the headers a sidecar adds: `x-request-id`, `x-forwarded-proto`, `x-envoy-*`.',
  },
  decorator: {
    name: 'INMESH_DECORATOR',
    type: { kind: 'switch' },
    default: 'on',
    sentence:
      "Adds `x-envoy-decorator-operation`, the route's name for traces, as a sidecar does; off with `INMESH_ENVOY_HEADERS=off` too.",
  },
  besideSidecar: {
    name: 'INMESH_BESIDE_SIDECAR',
    type: { kind: 'switch' },
    default: 'off',
    sentence: 'Stays on although a sidecar answers in the same pod.',
  },
  registryModes: {
    name: 'INMESH_REGISTRY_MODES',
    type: {
      kind: 'list',
      check: checkPairs(
        /^(merge|xds-first|registry-first|off)$/,
        'service=mode, with merge, xds-first, registry-first or off',
      ),
    },
    default: '*=merge',
    sentence:
      'Whose instances a registry client sees, per service: `merge`, `xds-first`, `registry-first` or `off`, as in `orders=off,eureka/*=xds-first,*=merge`.',
    runTime: true,
  },
  registryHosts: {
    name: 'INMESH_REGISTRY_HOSTS',
    type: { kind: 'list', check: checkPairs(/^\S+$/, 'service=host') },
    default: '*={service}.{namespace}.svc.cluster.local',
    sentence:
      "Mesh hosts of a registry's services: names (`orders=orders.shop.svc.cluster.local:8080|old-orders.shop.svc.cluster.local`, the first that exists counts) and templates (`nacos/*={service}.{namespace}.svc.cluster.local`).",
  },
  registryNamespaces: {
    name: 'INMESH_REGISTRY_NAMESPACES',
    type: { kind: 'list', check: checkPairs(/^[a-z0-9-]+$/, "registry's namespace=Kubernetes namespace") },
    default: '',
    sentence:
      "What `{namespace}` is in templates, by the registry's own namespace or data centre: `prod=shop,*=default`. Otherwise the pod's.",
  },
  registryWeights: {
    name: 'INMESH_REGISTRY_WEIGHTS',
    type: {
      kind: 'list',
      check: checkPairs(/^\d+(\.\d+)?:\d+(\.\d+)?$/, 'service=registry:mesh, as in orders=1:9'),
    },
    default: '*=1:1',
    sentence: 'Weight of one instance of the registry to one of the mesh in a merged list: `orders=1:9`.',
  },
  registryCalls: {
    name: 'INMESH_REGISTRY_CALLS',
    type: {
      kind: 'list',
      check: checkPairs(/^(pin-first|balance|off)$/, 'service=pin-first, balance or off'),
    },
    default: '*=pin-first',
    sentence:
      'Calls to addresses that a registry client was given: `pin-first` goes where the application chose as long as the routes allow it and the connection stands, `balance` lets the mesh choose, `off` leaves them alone.',
    runTime: true,
  },
  locality: {
    name: 'INMESH_LOCALITY',
    type: { kind: 'text', check: checkLocality },
    default: '',
    sentence: 'Where this process runs, as `region/zone/subzone`, for locality load balancing.',
  },
  podName: {
    name: 'POD_NAME',
    type: { kind: 'text' },
    default: '',
    sentence: "The pod's name. Empty: the host name.",
  },
  podNamespace: {
    name: 'POD_NAMESPACE',
    type: { kind: 'text' },
    default: 'default',
    sentence: "The pod's namespace.",
  },
  instanceIp: {
    name: 'INSTANCE_IP',
    type: { kind: 'text' },
    default: '',
    sentence: "The pod's IP address. Empty: the first address that is not a loopback one.",
  },
  serviceAccount: {
    name: 'SERVICE_ACCOUNT',
    type: { kind: 'text' },
    default: '',
    sentence: 'The service account of the pod.',
  },
  trustDomain: {
    name: 'TRUST_DOMAIN',
    type: { kind: 'text' },
    default: 'cluster.local',
    sentence: 'The trust domain of the mesh.',
  },
  labels: {
    name: 'ISTIO_METAJSON_LABELS',
    type: { kind: 'text' },
    default: '',
    sentence: "The pod's labels, as a JSON object; `sourceLabels` and a Sidecar's selector look at them.",
    aliases: ['ISTIO_META_LABELS'],
  },
} as const satisfies Record<string, Definition>;

/** Families of names that are read by prefix. For the table. */
export const PREFIXES = [
  {
    name: 'ISTIO_META_<NAME>',
    sentence:
      'Metadata of the node under `<NAME>`, as Istio has it: `ISTIO_META_CLUSTER_ID`, `ISTIO_META_NETWORK`.',
  },
] as const;

export type SettingKey = keyof typeof DEFINITIONS;
