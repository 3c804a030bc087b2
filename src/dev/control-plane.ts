/** The embedded control plane: a folder or a set of objects, served as istiod would. */

import { EventEmitter, once } from 'node:events';
import type { Log } from '../observe';
import { Folder, readFolder } from './folder';
import { load, parseFiles, parseObjects } from './load';
import { McpSources, mcpServerOf } from './mcp';
import { buildWorld } from './mesh';
import { formatProblem, type Problem } from './problem';
import type { IstioObject } from './read/object';
import type { SourceFile } from './read/source';
import { Publication, startServer } from './serve';

export interface DevOptions {
  /** Folder of Istio YAML, followed. Without it, `objects` are served. */
  readonly folder?: string;
  /** Objects of Istio's API as plain values. */
  readonly objects?: readonly unknown[];
  /** MCP servers to follow, `xds://host:port`, as istiod's `configSources`: their ServiceEntries are served too. */
  readonly mcp?: readonly string[];
  /** PEM file of the CA of the MCP servers' certificates; without it they are spoken to in plaintext. */
  readonly mcpCa?: string;
  /** How long the start waits for the MCP servers' first answers, milliseconds; 5,000 if absent. */
  readonly mcpPatienceMs?: number;
  /** 127.0.0.1 if absent. */
  readonly host?: string;
  /** 0 or absent = any free port. */
  readonly port?: number;
  readonly log?: Log;
}

export interface Reload {
  /** false: the change has errors, the last good state is still served. */
  readonly applied: boolean;
  readonly problems: readonly Problem[];
  /** Resources sent (and removed) because of it, over all clients. */
  readonly pushed: number;
  /** From the change being seen to everything being sent, milliseconds. */
  readonly ms: number;
}

export interface DevControlPlane {
  /** `host:port`; `grpc://` in front makes it a value of INMESH_XDS. */
  readonly address: string;
  /** Of the last read, also when it was applied (warnings). */
  readonly problems: readonly Problem[];
  /** The next change that has been read. */
  reloaded(): Promise<Reload>;
  onReload(listener: (reload: Reload) => void): void;
  /** Serves these objects from now on. */
  update(objects: readonly unknown[]): Reload;
  stop(): Promise<void>;
}

const MCP_PATIENCE_MS = 5_000;
const SILENT: Log = { line: () => undefined };

/** Rejects when the folder cannot be read, a URL is none, or the port is taken. A mistake in the YAML is reported, not thrown. */
export async function startDevControlPlane(options: DevOptions): Promise<DevControlPlane> {
  const { folder, host = '127.0.0.1', port = 0, log = SILENT, mcp = [] } = options;
  const servers = await Promise.all(mcp.map((url) => mcpServerOf(url, options.mcpCa)));
  const files = folder === undefined ? undefined : await readFolder(folder);
  const publication = new Publication(buildWorld([]));
  const plane = new ControlPlane(publication, log);
  const sources = new McpSources(servers, log, () => plane.follow(sources.objects));
  if (servers.length > 0) await sources.synced(options.mcpPatienceMs ?? MCP_PATIENCE_MS);
  plane.apply(() => (files ? parseFiles(files) : parseObjects(options.objects ?? [])));
  const server = await startServer(publication, host, port, log).catch((error: Error) => {
    sources.stop();
    throw error;
  });
  const follower =
    folder !== undefined && files
      ? new Folder(folder, files, {
          onChange: (changed) => plane.apply(() => parseFiles(changed)),
          onError: (error) => plane.unreadable(folder, error),
        })
      : undefined;
  return {
    address: server.address,
    get problems() {
      return plane.problems;
    },
    reloaded: () => plane.next(),
    onReload: (listener) => plane.listen(listener),
    update: (objects) => plane.apply(() => parseObjects(objects)),
    stop: async () => {
      follower?.stop();
      sources.stop();
      await server.stop();
    },
  };
}

class ControlPlane {
  problems: readonly Problem[] = [];
  private readonly events = new EventEmitter();
  private started = false;
  /** The last of the folder (or the objects) that was without mistakes. */
  private good: SourceFile | undefined;
  private further: readonly IstioObject[] = [];

  constructor(
    private readonly publication: Publication,
    private readonly log: Log,
  ) {}

  /** The folder, or the objects, changed. */
  apply(parse: () => SourceFile): Reload {
    const start = performance.now();
    return this.serve(parse(), start);
  }

  /** What the MCP servers say changed; a broken folder does not hold it up. Nothing is served before the folder is. */
  follow(further: readonly IstioObject[]): void {
    this.further = further;
    if (this.good) this.serve(this.good, performance.now());
  }

  private serve(own: SourceFile, start: number): Reload {
    const { objects, problems, ok } = load(own, this.further);
    const known = new Set(this.problems.map(formatProblem));
    // A change elsewhere is no reason to repeat what is said of the folder.
    for (const each of problems) if (own !== this.good || !known.has(formatProblem(each))) this.report(each);
    this.problems = problems;
    if (ok) this.good = own;
    const pushed = ok ? this.publication.publish(buildWorld(objects)) : 0;
    const reload: Reload = { applied: ok, problems, pushed, ms: performance.now() - start };
    this.say(reload, objects.length);
    this.started = true;
    this.events.emit('reload', reload);
    return reload;
  }

  unreadable(folder: string, error: Error): void {
    const message = `cannot read ${folder}: ${error.message}; the last good state is still served`;
    this.log.line('error', 'dev.folder.unreadable', message, { folder }, error.message);
  }

  async next(): Promise<Reload> {
    const [reload] = (await once(this.events, 'reload')) as [Reload];
    return reload;
  }

  listen(listener: (reload: Reload) => void): void {
    this.events.on('reload', listener);
  }

  private report(problem: Problem): void {
    const { severity, file, line, column, message, advice, object } = problem;
    const level = severity === 'error' ? 'error' : 'warn';
    const fields = { file, line, column, object, problem: message, advice };
    this.log.line(level, 'dev.problem', formatProblem(problem), fields, formatProblem(problem));
  }

  private say({ applied, problems, pushed, ms }: Reload, objects: number): void {
    const errors = problems.filter((problem) => problem.severity === 'error').length;
    const took = Math.round(ms * 10) / 10;
    if (!applied) {
      const rest = this.started
        ? 'the last good state is still served'
        : 'nothing is served until they are corrected';
      const message = `${count(errors, 'mistake')}: ${rest}`;
      this.log.line('error', 'dev.rejected', message, { errors, ms: took }, `${performance.now()}`);
      return;
    }
    const clients = this.publication.clients;
    const message = this.started
      ? `change applied: ${count(objects, 'object')}, ${count(pushed, 'resource')} sent to ${count(clients, 'client')} in ${took} ms`
      : `${count(objects, 'object')} read in ${took} ms`;
    this.log.line(
      'info',
      'dev.applied',
      message,
      { objects, pushed, clients, ms: took },
      `${performance.now()}`,
    );
  }
}

/** `1 client`, `2 clients` */
function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
