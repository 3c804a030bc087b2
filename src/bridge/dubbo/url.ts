/** Dubbo's URL, in which a provider of the interface level says everything of itself. */

/** `dubbo://10.0.0.1:20880/com.foo.Bar?weight=7`, taken apart. */
export interface DubboUrl {
  readonly protocol: string;
  /** IP address or host name; IPv6 without brackets. */
  readonly address: string;
  /** 0 where the URL has none. */
  readonly port: number;
  /** Without the leading slash. */
  readonly path: string;
  /** The parameters as they are in the text, without the question mark. */
  readonly query: string;
}

const SHAPE =
  /^([A-Za-z][A-Za-z0-9+.-]*):\/\/(?:[^@/?]*@)?(\[[^\]/?]*\]|[^:/?[\]]*)(?::(\d{1,7}))?(?:\/([^?]*))?(?:\?(.*))?$/s;

/**
 * Change with every start of a process and say nothing to a caller; without them the providers of one interface have
 * equal parameters, which are then kept once.
 */
const OF_THE_PROCESS: ReadonlySet<string> = new Set(['timestamp', 'pid']);

/**
 * Reads the name of a node below `providers`, which is the whole URL, percent-encoded (ZookeeperRegistry.toUrlPath).
 * Undefined when it is not a URL.
 */
export function decodeDubboUrl(encoded: string): DubboUrl | undefined {
  try {
    return parseDubboUrl(decodeURIComponent(encoded));
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

/** Reads a URL. */
export function parseDubboUrl(text: string): DubboUrl | undefined {
  const found = SHAPE.exec(text);
  if (!found) return undefined;
  const [, protocol, host = '', port = '0', path = '', query = ''] = found;
  if (host === '') return undefined;
  return {
    protocol: protocol!.toLowerCase(),
    address: own(host.startsWith('[') ? host.slice(1, -1) : host),
    port: Number(port),
    path,
    query,
  };
}

/** A part of a string keeps the whole of it in memory; this does not. */
function own(text: string): string {
  return Buffer.from(text).toString();
}

/** The parameters of a URL. As in Dubbo, values are taken as they are: the URL was encoded as a whole. */
export function paramsOf({ query }: Pick<DubboUrl, 'query'>): Record<string, string> {
  const params: Record<string, string> = Object.create(null);
  for (const part of query.split('&')) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    // Dubbo reads a name without a value as its own value.
    if (equals < 0) params[part] = part;
    else if (equals > 0) params[part.slice(0, equals)] = part.slice(equals + 1);
  }
  return params;
}

const START = /(?:^|&)timestamp=(\d{1,15})(?:&|$)/;

/** When the process started, in milliseconds since the epoch; 0 where the URL does not say. */
export function startOf({ query }: Pick<DubboUrl, 'query'>): number {
  return Number(START.exec(query)?.[1] ?? 0);
}

/** The parameters that describe the service rather than its process. */
export function lastingParams(params: Readonly<Record<string, string>>): Record<string, string> {
  const lasting: Record<string, string> = {};
  for (const name of Object.keys(params).sort())
    if (!OF_THE_PROCESS.has(name)) define(lasting, name, params[name]!);
  return lasting;
}

/** `__proto__` is a name like any other. */
function define(target: Record<string, string>, name: string, value: string): void {
  if (name === '__proto__')
    Object.defineProperty(target, name, { value, enumerable: true, writable: true, configurable: true });
  else target[name] = value;
}

/** Lasting parameters of many URLs, equal ones read and kept once: the providers of an interface differ in little but their address. */
export class LastingParams {
  private readonly known = new Map<string, Readonly<Record<string, string>>>();

  of({ query }: Pick<DubboUrl, 'query'>): Readonly<Record<string, string>> {
    const lasting = query.replace(/(^|&)(?:timestamp|pid)=[^&]*/g, '');
    let params = this.known.get(lasting);
    if (!params) {
      params = lastingParams(paramsOf({ query: lasting }));
      this.known.set(lasting, params);
    }
    return params;
  }
}
