/** The clients of the compatibility matrix, and what each cannot do by its own making. */

/** What a scenario may need of a client. */
export type Capability =
  | 'body' // a request body, as text
  | 'stream' // a request body from a stream
  | 'native' // Node's own ClientRequest and IncomingMessage
  | 'late-header' // the ClientRequest before it is sent
  | 'agent' // an http.Agent of the application's own
  | 'lookup' // a lookup function of the application's own
  | 'redirects' // follows them
  | 'trailers' // response trailers
  | 'decompression'
  | 'download'
  | 'routes' // HTTP that the mesh can read
  | 'argument-shapes';

export interface MatrixClient {
  readonly name: string;
  readonly label: string;
  readonly scheme: 'http' | 'https';
  /** The oldest Node line that it supports. */
  readonly since: number;
  /** Capabilities that it lacks, each with the reason. */
  readonly lacks: Partial<Record<Capability, string>>;
  /** Status of a plain answer: a WebSocket's is 101. */
  readonly ok: number;
}

const NOT_NATIVE = 'the client does not hand out the ClientRequest';
const NO_REDIRECTS = 'the client does not follow redirects: the redirect itself is the outcome';
const NO_DECOMPRESSION = 'the client does not decompress';
const NO_ARGUMENT_SHAPES = 'only http.request and its likes take several argument shapes';
const TLS = 'the application encrypts the call: the mesh chooses the endpoint and reads no HTTP';

function client(name: string, lacks: MatrixClient['lacks'], more: Partial<MatrixClient> = {}): MatrixClient {
  return { name, label: name, scheme: 'http', since: 18, ok: 200, lacks, ...more };
}

const library: MatrixClient['lacks'] = { native: NOT_NATIVE, 'argument-shapes': NO_ARGUMENT_SHAPES };

export const CLIENTS: readonly MatrixClient[] = [
  client('http', { redirects: NO_REDIRECTS, decompression: NO_DECOMPRESSION }),
  client(
    'https',
    { redirects: NO_REDIRECTS, decompression: NO_DECOMPRESSION, routes: TLS },
    { scheme: 'https' },
  ),
  client('axios', { ...library, 'late-header': NOT_NATIVE, trailers: 'axios hides response trailers' }),
  client('got11', library, { label: 'got 11' }),
  client('got14', library, { label: 'got 14', since: 20 }),
  client(
    'node-fetch2',
    {
      ...library,
      'late-header': NOT_NATIVE,
      lookup: 'node-fetch has no lookup option',
      trailers: 'fetch has no trailers',
    },
    { label: 'node-fetch 2' },
  ),
  client(
    'node-fetch3',
    {
      ...library,
      'late-header': NOT_NATIVE,
      lookup: 'node-fetch has no lookup option',
      trailers: 'fetch has no trailers',
    },
    { label: 'node-fetch 3' },
  ),
  client('superagent', library),
  client('needle', library),
  client('follow-redirects', {
    native: 'follow-redirects hands out a wrapper of its own, not the ClientRequest',
    decompression: NO_DECOMPRESSION,
  }),
  client('request', { ...library, lookup: 'request has no lookup option' }),
  client('agentkeepalive', {
    redirects: NO_REDIRECTS,
    decompression: NO_DECOMPRESSION,
    agent: 'the client is the agent',
  }),
  client('http-proxy', {
    ...library,
    redirects: NO_REDIRECTS,
    decompression: NO_DECOMPRESSION,
    agent: 'the agent is the proxy’s own, not the caller’s',
    lookup: 'http-proxy has no lookup option',
    trailers: 'http-proxy 1.18 does not forward trailers',
  }),
  client(
    'ws',
    {
      ...library,
      body: 'a WebSocket handshake has no body',
      stream: 'a WebSocket handshake has no body',
      trailers: 'a WebSocket has no trailers',
    },
    { ok: 101 },
  ),
  client('urllib2', { ...library, trailers: 'urllib 2 hides response trailers' }, { label: 'urllib 2' }),
];

/** Node lines under test; `INMESH_NODE_LINES=20,24` narrows them. */
export const NODE_LINES: readonly number[] = (process.env['INMESH_NODE_LINES'] ?? '18,20,22,24,26')
  .split(',')
  .map(Number);
