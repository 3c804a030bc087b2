/**
 * The JSON bodies of the messages in use, as Nacos 2.2 and 3.1 send and take them. Fields that a server may leave
 * out are optional: nothing that comes from a peer is relied on to be there.
 */

/** The fields of every response. */
export interface ResponseBody {
  readonly resultCode?: number;
  readonly errorCode?: number;
  readonly message?: string | null;
  readonly requestId?: string | null;
  readonly success?: boolean;
}

export const SUCCESS = 200;
export const FAIL = 500;

/** `errorCode` of a response. */
export const ERROR = {
  /** No bi-stream is set up on this connection. */
  UNREGISTERED: 301,
  /** The server does not know the request. */
  NO_HANDLER: 302,
  NO_RIGHT: 403,
  CONFIG_NOT_FOUND: 300,
  FUZZY_TOO_MANY_PATTERNS: 50310,
  FUZZY_TOO_MANY_SERVICES: 50311,
} as const;

export interface ServerCheckResponse extends ResponseBody {
  readonly connectionId?: string;
  readonly supportAbilityNegotiation?: boolean;
}

/** `instanceId` is absent for instances that came by gRPC on 2.x. */
export interface NacosInstance {
  readonly instanceId?: string | null;
  readonly ip: string;
  readonly port: number;
  readonly weight?: number;
  readonly healthy?: boolean;
  readonly enabled?: boolean;
  readonly ephemeral?: boolean;
  readonly clusterName?: string | null;
  /** `group@@name`. */
  readonly serviceName?: string | null;
  readonly metadata?: Readonly<Record<string, string>> | null;
}

/** No namespace in it: pushes of two namespaces on one connection cannot be told apart. */
export interface ServiceInfo {
  readonly name: string;
  readonly groupName: string;
  readonly clusters?: string;
  readonly cacheMillis?: number;
  readonly hosts: readonly NacosInstance[];
  /** Milliseconds of the server's clock: an older one is stale. */
  readonly lastRefTime?: number;
  readonly checksum?: string;
  readonly reachProtectionThreshold?: boolean;
}

export interface SubscribeResponse extends ResponseBody {
  readonly serviceInfo?: ServiceInfo | null;
}

export interface ServiceListResponse extends ResponseBody {
  readonly count?: number;
  readonly serviceNames?: readonly string[] | null;
}

/** Server → client: the whole service, about 500 ms after its change. */
export interface NotifySubscriberRequest {
  readonly requestId?: string;
  readonly serviceInfo?: ServiceInfo;
}

/** Server → client: which services match a pattern, in batches of ten. */
export interface FuzzyWatchSyncRequest {
  readonly requestId?: string;
  readonly syncType?: string;
  readonly groupKeyPattern?: string;
  readonly contexts?: readonly { readonly serviceKey: string; readonly changedType: string }[];
  readonly totalBatch?: number;
  readonly currentBatch?: number;
}

export interface FuzzyWatchChangeRequest {
  readonly requestId?: string;
  /** `namespace@@group@@name`. */
  readonly serviceKey?: string;
  readonly changedType?: string;
}

export const FUZZY = {
  INIT: 'FUZZY_WATCH_INIT_NOTIFY',
  FINISH: 'FINISH_FUZZY_WATCH_INIT_NOTIFY',
  DIFF: 'FUZZY_WATCH_DIFF_SYNC_NOTIFY',
  CHANGE: 'FUZZY_WATCH_RESOURCE_CHANGED',
  ADD: 'ADD_SERVICE',
  DELETE: 'DELETE_SERVICE',
} as const;

/** Server → client: go away, to the named server if one is named. */
export interface ConnectResetRequest {
  readonly requestId?: string;
  readonly serverIp?: string | null;
  readonly serverPort?: string | number | null;
}

export interface ConfigQueryResponse extends ResponseBody {
  readonly content?: string | null;
}

/** Which of the configurations asked about are not as the client has them. */
export interface ConfigBatchListenResponse extends ResponseBody {
  readonly changedConfigs?: readonly { readonly dataId: string; readonly group: string }[] | null;
}

/** The namespace that a client means when it names none. On gRPC '' is another, empty namespace. */
export const PUBLIC_NAMESPACE = 'public';
export const DEFAULT_GROUP = 'DEFAULT_GROUP';
/** The gRPC port is the main port plus this. */
export const GRPC_PORT_OFFSET = 1000;
export const DEFAULT_PORT = 8848;

/** `group@@name` or a bare name, which is of the default group. */
export function splitServiceName(qualified: string): { readonly group: string; readonly name: string } {
  const at = qualified.indexOf('@@');
  if (at < 0) return { group: DEFAULT_GROUP, name: qualified };
  return { group: qualified.slice(0, at), name: qualified.slice(at + 2) };
}
