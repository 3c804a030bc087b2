import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync, inflateSync } from 'node:zlib';
import { unpack } from './msgpack';

/** Stands for the server of an APM agent: takes everything in, knows the URLs of client spans. */
export class Collector {
  private readonly found: string[] = [];

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(): Promise<Collector> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const collector = new Collector(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        collector.take(request.url ?? '', request.headers['content-encoding'], Buffer.concat(chunks));
        response.setHeader('content-type', 'application/json').end('{}');
      });
    });
    return collector;
  }

  /** URLs of the client spans received so far. */
  get clientSpans(): readonly string[] {
    return this.found;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private take(path: string, encoding: string | undefined, body: Buffer): void {
    const bytes = encoding === 'gzip' ? gunzipSync(body) : encoding === 'deflate' ? inflateSync(body) : body;
    if (path.startsWith('/intake/')) this.elastic(bytes.toString());
    else if (/^\/v0\.[45]\/traces/.test(path)) this.datadog(bytes);
  }

  private elastic(lines: string): void {
    for (const line of lines.split('\n')) {
      if (!line.startsWith('{"span"')) continue;
      const { span } = JSON.parse(line);
      if (span.context?.http?.url) this.found.push(span.context.http.url);
    }
  }

  private datadog(bytes: Buffer): void {
    const traces = unpack(bytes) as { meta: Record<string, string> }[][];
    for (const { meta } of traces.flat()) {
      if (meta['span.kind'] === 'client' && meta['http.url']) this.found.push(meta['http.url']);
    }
  }
}
