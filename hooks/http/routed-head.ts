/** The head of a request of ours: what routing may look at, and its bytes for one attempt. */

import { AsyncResource } from 'node:async_hooks';
import type { Attempt, RequestHead, Scheme } from '../../src/call';
import { type HeadSource, parseHead, renderHead } from './head';
import type { AgentOptions } from './parking-agent';
import { Recorder } from './recorder';
import type { MeshRequest } from './request';
import { after, replaceHead, rewind } from './rewind';
import { requestHeader } from './shape';

/** Kept of a body in case that a connection used before is dead, when no retry policy says how much. */
const RECORD_LIMIT_BYTES = 64 * 1024;

/**
 * It is the async context of its `http.request` as well: one object per call, and every event of the call runs in it
 * (decision 4).
 */
export class RoutedHead extends AsyncResource implements RequestHead, HeadSource {
  path = '';
  authority = '';
  recorder: Recorder | undefined;
  /** The head as Node rendered it, and as it stands in the request now. */
  private ownHead = '';
  private head = '';
  private lines: Map<string, string | string[]> | undefined;
  private readonly rawLines: boolean;
  private closeRendered = false;
  /** Of the newest attempt. */
  private changes: Attempt | undefined;

  constructor(
    readonly request: MeshRequest,
    readonly options: AgentOptions,
    readonly scheme: Scheme,
    readonly host: string,
    readonly port: number,
  ) {
    super('INMESH_CALL', { requireManualDestroy: true });
    // Only then the header store is empty although there are headers.
    this.rawLines = Array.isArray(options['headers']);
  }

  get method(): string {
    return this.request.method;
  }

  get ownPath(): string {
    return this.request.path;
  }

  header(name: string): string | readonly string[] | undefined {
    if (this.rawLines) {
      this.lines ??= parseHead(this.request._header ?? '');
      return this.lines.get(name);
    }
    const value = requestHeader(this.request, name);
    return typeof value === 'number' ? String(value) : value;
  }

  lacks(name: string): boolean {
    return this.header(name) === undefined;
  }

  get hopByHop(): boolean {
    return this.rawLines || this.closeRendered || requestHeader(this.request, 'connection') !== undefined;
  }

  /** Upstream connections are kept whatever the application's agent does with its own (decision 8). */
  protected becomesOurs(): void {
    const { request } = this;
    if (!request.shouldKeepAlive && request._header !== null) this.closeRendered = true;
    request.shouldKeepAlive = true;
    request._last = false;
  }

  protected keepOwnHead(): void {
    this.ownHead = this.request._header!;
    this.head = this.ownHead;
  }

  /** Reads what routing matches on; an absolute-form target names host and path, as in Envoy. */
  protected readTarget(): void {
    const { path } = this.request;
    const host = this.header('host');
    this.authority = host === undefined ? '' : typeof host === 'string' ? host : host[0]!;
    this.path = path;
    if (path.charCodeAt(0) === 47 || !/^https?:\/\//i.test(path)) return;
    const start = path.indexOf('://') + 3;
    const end = path.slice(start).search(/[/?#]/);
    this.authority = end < 0 ? path.slice(start) : path.slice(start, start + end);
    const rest = end < 0 ? '/' : path.slice(start + end);
    this.path = rest.startsWith('/') ? rest : `/${rest}`;
  }

  /** From here on the body is kept, `limit` bytes of it; what waits for a socket already is its beginning. */
  protected record(limit: number): void {
    const recorder = new Recorder(limit > 0 ? limit : RECORD_LIMIT_BYTES);
    const { outputData } = this.request;
    for (let i = 0; i < outputData.length; i++) {
      const output = outputData[i]!;
      let { data } = output;
      if (i === 0) data = after(this.head, data) ?? data;
      output.callback = recorder.record(data, output.encoding, output.callback);
    }
    this.recorder = recorder;
  }

  /** The head of one attempt, as bytes. */
  render(attempt: Attempt): string {
    return renderHead(this.ownHead, this, attempt);
  }

  protected writeHead(attempt: Attempt): void {
    const head = this.render(attempt);
    this.changes = attempt;
    replaceHead(this.request, this.head, head);
    this.head = head;
  }

  /**
   * Lets listeners change a head that Node has rendered but not sent, as they may on bare Node, where the socket comes
   * sooner (http-proxy's `proxyReq`). What they change is sent, and not routed by.
   */
  withOpenHead(show: (request: MeshRequest, socket: unknown) => boolean, socket: unknown): boolean {
    const { request } = this;
    if (this.rawLines || request._header === null) return show(request, socket);
    const before = this.signature();
    const rendered = request._header;
    const sent = request._headerSent;
    request._header = null;
    const shown = show(request, socket);
    if (request._header === null && this.signature() !== before) {
      request._implicitHeader();
      const own = request._header as unknown as string;
      const attempt = this.changes === undefined ? own : renderHead(own, this, this.changes);
      request._header = rendered;
      request._headerSent = sent;
      replaceHead(request, this.head, attempt);
      this.head = attempt;
      this.ownHead = own;
    } else request._header = rendered;
    return shown;
  }

  protected restoreHead(): void {
    replaceHead(this.request, this.head, this.ownHead);
    this.head = this.ownHead;
  }

  protected rewindRequest(): void {
    this.head = this.ownHead;
    rewind(this.request, this.head, this.recorder);
  }

  /** What tells whether a head changed between its first routing and its end. */
  protected signature(): string {
    const { request } = this;
    return JSON.stringify([request.method, request.path, request.getHeaders()]);
  }
}
