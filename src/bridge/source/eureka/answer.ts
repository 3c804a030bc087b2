/**
 * Eureka's JSON, as its servers write it: Jackson's form, and the older Jettison form in which a list of one is an
 * object and numbers are strings. What cannot be read of one instance is that instance's problem only.
 */

/** com.netflix.appinfo.InstanceInfo, as far as it matters here. */
export interface EurekaInstance {
  readonly app: string;
  /** `instanceId`, else Amazon's, else the host name: what Eureka itself takes for identity. */
  readonly id: string;
  readonly hostName: string;
  readonly ipAddr: string;
  /** UP, DOWN, STARTING, OUT_OF_SERVICE, UNKNOWN: after overrides. */
  readonly status: string;
  readonly port: EurekaPort;
  readonly securePort: EurekaPort;
  readonly vipAddress: string;
  readonly zone: string;
  readonly region: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** In a delta: ADDED, MODIFIED or DELETED. */
  readonly action: string;
}

export interface EurekaPort {
  readonly number: number;
  readonly enabled: boolean;
}

export interface EurekaAnswer {
  /** `apps__hashcode`; '' when the server sends none. */
  readonly hash: string;
  /** Read as they are asked for, once: 50,000 of them take longer than anybody should wait for a turn. */
  readonly instances: Iterable<EurekaInstance>;
}

type Json = Readonly<Record<string, unknown>>;

/** Throws a sentence when the text is no answer of a Eureka server. */
export function readAnswer(text: string): EurekaAnswer {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new Error(`the answer is no JSON: ${(error as Error).message}`);
  }
  const applications = object(object(json)['applications']);
  if (!('apps__hashcode' in applications) && !('application' in applications)) {
    throw new Error('the answer has no `applications`: is this the base URL of a Eureka server (…/eureka)?');
  }
  const hash = string(applications['apps__hashcode']);
  return { hash, instances: instancesOf(list(applications['application'])) };
}

function* instancesOf(applications: readonly unknown[]): Generator<EurekaInstance> {
  for (const application of applications) {
    const { name, instance } = object(application);
    for (const each of list(instance)) yield readInstance(object(each), string(name));
  }
}

function readInstance(json: Json, app: string): EurekaInstance {
  const dataCenter = object(object(json['dataCenterInfo'])['metadata']);
  const metadata = readMetadata(object(json['metadata']));
  const hostName = string(json['hostName']);
  return {
    app: app || string(json['app']),
    id: string(json['instanceId']) || string(dataCenter['instance-id']) || hostName,
    hostName,
    ipAddr: string(json['ipAddr']),
    status: string(json['status']).toUpperCase() || 'UNKNOWN',
    port: readPort(json['port']),
    securePort: readPort(json['securePort']),
    vipAddress: string(json['vipAddress']),
    zone: metadata['zone'] ?? string(dataCenter['availability-zone']),
    region: metadata['region'] ?? '',
    metadata,
    action: string(json['actionType']).toUpperCase(),
  };
}

/** `{"$": 8080, "@enabled": "true"}`, both as text or not; a bare number is an enabled port. */
function readPort(json: unknown): EurekaPort {
  if (typeof json === 'number' || typeof json === 'string') return { number: Number(json), enabled: true };
  const port = object(json);
  return { number: Number(port['$'] ?? Number.NaN), enabled: string(port['@enabled']) === 'true' };
}

/** Java's class name of an empty map is no metadata. */
function readMetadata(json: Json): Record<string, string> {
  const metadata: Record<string, string> = {};
  for (const [key, value] of Object.entries(json)) {
    // A key of a peer may be `__proto__`, and would be no data.
    if (key === '@class' || key === '__proto__' || value === null || typeof value === 'object') continue;
    metadata[key] = String(value);
  }
  return metadata;
}

function object(json: unknown): Json {
  return typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as Json) : {};
}

function list(json: unknown): readonly unknown[] {
  if (Array.isArray(json)) return json;
  return json === undefined || json === null || json === '' ? [] : [json];
}

function string(json: unknown): string {
  return typeof json === 'string' || typeof json === 'number' || typeof json === 'boolean'
    ? String(json)
    : '';
}
