/** An instance of the application level: what Dubbo puts into an instance's metadata, in ZooKeeper as in Nacos. */

/** One port of the process and what is spoken on it. */
export interface DubboEndpoint {
  readonly port: number;
  readonly protocol: string;
}

/** Where the provider's own MetadataService answers. */
export interface MetadataServiceAddress {
  /** `dubbo` or `tri`; others are not understood. */
  readonly protocol: string;
  readonly port: number;
  /** `1.0.0`, or `2.0.0` for the service that speaks protobuf. */
  readonly version: string;
}

export interface ApplicationInstance {
  /** Unique within the application. */
  readonly id: string;
  readonly application: string;
  readonly address: string;
  /** Of the first protocol. */
  readonly port: number;
  /** Never empty. */
  readonly endpoints: readonly DubboEndpoint[];
  /** Hash of all its services; '' or '0': it has none. */
  readonly revision: string;
  /** Absent with `remote` storage. */
  readonly metadataService: MetadataServiceAddress | undefined;
  /** As registered. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The registry's own verdicts; true where it has none. */
  readonly healthy: boolean;
  readonly enabled: boolean;
}

/** What a registry has of an instance, whatever the registry. */
export interface RegisteredInstance {
  readonly id: string;
  readonly address: string;
  readonly port: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly healthy?: boolean;
  readonly enabled?: boolean;
}

const REVISION = 'dubbo.metadata.revision';
const ENDPOINTS = 'dubbo.endpoints';
const URL_PARAMS = 'dubbo.metadata-service.url-params';

/** Is this an instance of Dubbo's application level? */
export function isDubboApplication(metadata: Readonly<Record<string, string>>): boolean {
  return REVISION in metadata || ENDPOINTS in metadata;
}

/** Reads an instance; what its metadata says wrongly goes to `complain` and is taken as not said. */
export function readApplicationInstance(
  application: string,
  registered: RegisteredInstance,
  complain: (reason: string) => void,
): ApplicationInstance {
  const { id, address, port, metadata, healthy = true, enabled = true } = registered;
  const told = readEndpoints(metadata[ENDPOINTS], complain);
  return {
    id,
    application,
    address,
    port,
    endpoints: told.length > 0 ? told : [{ port, protocol: 'dubbo' }],
    revision: metadata[REVISION] ?? '',
    metadataService: readMetadataService(metadata[URL_PARAMS], complain),
    metadata,
    healthy,
    enabled,
  };
}

function readEndpoints(text: string | undefined, complain: (reason: string) => void): DubboEndpoint[] {
  if (text === undefined) return [];
  const value = parseJson(text);
  const endpoints = Array.isArray(value) ? value.filter(isEndpoint) : [];
  if (!Array.isArray(value) || endpoints.length < value.length)
    complain(`its metadata ${ENDPOINTS} is not a list of {port, protocol}: what is wrong in it is left out`);
  return endpoints.map(({ port, protocol }) => ({ port, protocol: protocol.toLowerCase() }));
}

function isEndpoint(value: unknown): value is DubboEndpoint {
  if (typeof value !== 'object' || value === null) return false;
  const { port, protocol } = value as Partial<DubboEndpoint>;
  return Number.isInteger(port) && typeof protocol === 'string' && protocol !== '';
}

function readMetadataService(
  text: string | undefined,
  complain: (reason: string) => void,
): MetadataServiceAddress | undefined {
  if (text === undefined) return undefined;
  const value = parseJson(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    complain(`its metadata ${URL_PARAMS} is not a JSON object`);
    return undefined;
  }
  const params = value as Record<string, unknown>;
  // Dubbo 2.7 kept one object for each protocol.
  const of27 = Object.entries(params).find(([, each]) => typeof each === 'object' && each !== null);
  const flat = of27 ? { protocol: of27[0], ...(of27[1] as object) } : params;
  const { protocol, port, version } = flat as Record<string, unknown>;
  const number = Number(port);
  if (typeof protocol !== 'string' || !Number.isInteger(number) || number < 1 || number > 65_535) {
    complain(`its metadata ${URL_PARAMS} has no protocol and port`);
    return undefined;
  }
  return {
    protocol: protocol.toLowerCase(),
    port: number,
    version: typeof version === 'string' ? version : '1.0.0',
  };
}

/** Undefined for what is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
