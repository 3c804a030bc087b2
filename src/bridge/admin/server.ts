/** The admin server: for probes, Prometheus and people. Plain HTTP, on the loopback unless told otherwise. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { joinHostPort } from '../mcp';
import {
  type BridgeState,
  cataloguePage,
  clientsPage,
  exportsPage,
  registryPage,
  rejectedPage,
  sidecarsPage,
  xdsPage,
} from './pages';

export interface AdminOptions {
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  readonly state: BridgeState;
  /** Prometheus' text. */
  readonly metrics: () => Promise<string>;
  readonly metricsType: string;
  /** Told who thawed how much. */
  readonly onThaw: (services: number) => void;
}

interface Page {
  readonly path: string;
  readonly method: 'GET' | 'POST';
  readonly text: string;
  answer(response: ServerResponse, query: URLSearchParams): void | Promise<void>;
}

export class AdminServer {
  private readonly server: Server;
  private readonly pages: ReadonlyMap<string, Page>;

  constructor(private readonly options: AdminOptions) {
    this.pages = new Map(pagesOf(options).map((page) => [page.path, page]));
    this.server = createServer((request, response) => void this.handle(request, response));
  }

  /** `host:port`, with the real port. */
  get address(): string {
    const address = this.server.address() as AddressInfo | null;
    return joinHostPort(this.options.host, address?.port ?? 0);
  }

  /** Rejects with one sentence when the address cannot be listened on. */
  start(): Promise<void> {
    const { host, port } = this.options;
    return new Promise((resolve, reject) => {
      const refused = (error: NodeJS.ErrnoException) =>
        reject(new Error(`cannot listen on ${joinHostPort(host, port)}: ${error.code ?? error.message}`));
      this.server.once('error', refused);
      this.server.listen({ host, port }, () => {
        this.server.off('error', refused);
        resolve();
      });
    });
  }

  async stop(): Promise<void> {
    await new Promise((resolve) => {
      this.server.close(resolve);
      this.server.closeAllConnections?.();
    });
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const { pathname, searchParams } = new URL(request.url ?? '/', 'http://admin');
      if (pathname === '/') return text(response, 200, this.index());
      const page = this.pages.get(pathname);
      if (!page) return text(response, 404, `there is no ${pathname}\n\n${this.index()}`);
      const method = request.method === 'HEAD' ? 'GET' : request.method;
      if (method !== page.method)
        return text(response, 405, `${pathname} is asked for with ${page.method}\n`);
      // A page of some web site, opened in a browser on this machine, must not be able to thaw.
      if (page.method === 'POST' && request.headers.origin !== undefined)
        return text(response, 403, 'not from a browser\n');
      await page.answer(response, searchParams);
    } catch (error) {
      if (response.headersSent) response.destroy();
      else text(response, 500, `${(error as Error).message}\n`);
    }
  }

  /** The pages, a line each. */
  index(): string {
    const lines = [...this.pages.values()].map(
      ({ method, path, text: what }) => `${method.padEnd(4)} ${path.padEnd(12)} ${what}`,
    );
    return `${lines.join('\n')}\n`;
  }
}

function pagesOf({ state, metrics, metricsType, onThaw }: AdminOptions): Page[] {
  const page = (path: string, what: string, value: (query: URLSearchParams) => unknown): Page => ({
    path,
    method: 'GET',
    text: what,
    answer: (response, query) => json(response, value(query)),
  });
  return [
    {
      path: '/healthz',
      method: 'GET',
      text: 'the process lives',
      answer: (response) => text(response, 200, 'ok\n'),
    },
    {
      path: '/readyz',
      method: 'GET',
      text: 'listening, so that istiod can connect; how old the content is, is a metric',
      answer: (response) =>
        state.isReady ? text(response, 200, 'ready\n') : text(response, 503, 'not listening\n'),
    },
    page(
      '/catalogue',
      'sources and what is served; ?host=part shows entries whole, ?service=part what became of services',
      (query) => cataloguePage(state, query),
    ),
    page(
      '/registry',
      'what the registries list, as they list it; ?source= ?service=part shows it whole',
      (query) => registryPage(state, query),
    ),
    page('/rejected', 'what is not served, and why; ?source= ?code= ?service=', (query) =>
      rejectedPage(state, query),
    ),
    page('/clients', 'connected control planes', () => clientsPage(state)),
    page('/xds', 'what each control plane was sent and has acknowledged', () => xdsPage(state)),
    page('/exports', 'mesh hosts that are published in Nacos, or why not', () => exportsPage(state)),
    page('/sidecars', 'what Dubbo applications consume, and the Sidecars made of it', () =>
      sidecarsPage(state),
    ),
    {
      path: '/thaw',
      method: 'POST',
      text: 'believe the registries in everything that is frozen',
      answer: (response) => {
        const services = state.thaw();
        onThaw(services);
        json(response, { thawed: services });
      },
    },
    {
      path: '/metrics',
      method: 'GET',
      text: 'for Prometheus',
      answer: async (response) => {
        const body = await metrics();
        response.writeHead(200, { 'content-type': metricsType }).end(body);
      },
    },
  ];
}

function text(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(body);
}

function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(`${JSON.stringify(value, null, 2)}\n`);
}
