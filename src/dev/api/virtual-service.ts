import {
  boolean,
  duration,
  enumeration,
  int32,
  integer,
  percent,
  portNumber,
  string,
  uint32,
} from '../read/scalars';
import { type Infer, list, map, message, required } from '../read/schema';
import { destination, headers, percentage, stringMatch } from './common';

const httpMatch = message('HTTPMatchRequest', {
  name: string(),
  uri: stringMatch,
  scheme: stringMatch,
  method: stringMatch,
  authority: stringMatch,
  headers: map(stringMatch),
  port: portNumber(),
  sourceLabels: map(string()),
  gateways: list(string()),
  queryParams: map(stringMatch),
  ignoreUriCase: boolean(),
  withoutHeaders: map(stringMatch),
  sourceNamespace: string(),
  statPrefix: string(),
});
export type HttpMatch = Infer<typeof httpMatch>;

const httpDestination = message('HTTPRouteDestination', {
  destination: required(destination),
  weight: integer(0, 2147483647),
  headers,
});
export type HttpDestination = Infer<typeof httpDestination>;

const redirect = message(
  'HTTPRedirect',
  {
    uri: string(),
    authority: string(),
    port: portNumber(),
    derivePort: enumeration('FROM_PROTOCOL_DEFAULT', 'FROM_REQUEST_PORT'),
    scheme: string(),
    redirectCode: uint32(),
    prefixRewrite: string(),
  },
  {
    oneOf: [
      ['port', 'derivePort'],
      ['uri', 'prefixRewrite'],
    ],
  },
);
export type Redirect = Infer<typeof redirect>;

const directResponse = message('HTTPDirectResponse', {
  status: required(integer(200, 599)),
  body: message('HTTPBody', { string: string(), bytes: string() }, { oneOf: [['string', 'bytes']] }),
});

const rewrite = message(
  'HTTPRewrite',
  {
    uri: string(),
    authority: string(),
    uriRegexRewrite: message('RegexRewrite', { match: required(string()), rewrite: string() }),
  },
  { oneOf: [['uri', 'uriRegexRewrite']] },
);

const retries = message('HTTPRetry', {
  attempts: int32(),
  perTryTimeout: duration(1),
  retryOn: string(),
  retryRemoteLocalities: boolean(),
  retryIgnorePreviousHosts: boolean(),
  backoff: duration(1),
});
export type Retries = Infer<typeof retries>;

const fault = message('HTTPFaultInjection', {
  delay: message('Delay', {
    percent: percent(),
    fixedDelay: required(duration(1)),
    percentage,
  }),
  abort: message(
    'Abort',
    {
      httpStatus: integer(200, 600),
      grpcStatus: string(),
      percentage,
    },
    { oneOf: [['httpStatus', 'grpcStatus']] },
  ),
});
export type Fault = Infer<typeof fault>;

const corsPolicy = message('CorsPolicy', {
  allowOrigin: list(string()),
  allowOrigins: list(stringMatch),
  allowMethods: list(string()),
  allowHeaders: list(string()),
  exposeHeaders: list(string()),
  maxAge: duration(),
  allowCredentials: boolean(),
  unmatchedPreflights: enumeration('UNSPECIFIED', 'FORWARD', 'IGNORE'),
});
export type CorsPolicy = Infer<typeof corsPolicy>;

const httpRoute = message(
  'HTTPRoute',
  {
    name: string(),
    match: list(httpMatch),
    route: list(httpDestination),
    redirect,
    directResponse,
    delegate: message('Delegate', { name: required(string()), namespace: string() }),
    rewrite,
    timeout: duration(1),
    retries,
    fault,
    mirror: destination,
    mirrors: list(message('HTTPMirrorPolicy', { destination: required(destination), percentage })),
    mirrorPercent: percent(),
    mirror_percent: percent(),
    mirrorPercentage: percentage,
    corsPolicy,
    headers,
  },
  {
    oneOf: [
      ['route', 'redirect', 'directResponse', 'delegate'],
      ['mirror', 'mirrors'],
    ],
  },
);
export type HttpRoute = Infer<typeof httpRoute>;

const LAYER_4 = 'HTTP rules apply; tls and tcp rules need a listener, which is not served';

export const virtualService = message(
  'VirtualService',
  {
    hosts: list(string()),
    gateways: list(string()),
    http: list(httpRoute),
    exportTo: list(string()),
  },
  { ignored: { tls: LAYER_4, tcp: LAYER_4 } },
);
export type VirtualService = Infer<typeof virtualService>;
