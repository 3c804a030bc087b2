/** The embedded control plane: a folder or a set of objects, served as istiod would. */

import { EventEmitter, once } from 'node:events';
import type { Log } from '../observe';
import { Folder, readFolder } from './folder';
import { type Loaded, loadFiles, loadObjects } from './load';
import { buildWorld } from './mesh';
import { formatProblem, type Problem } from './problem';
import { Publication, startServer } from './serve';

export interface DevOptions {
  /** Folder of Istio YAML, followed. Without it, `objects` are served. */
  readonly folder?: string;
  /** Objects of Istio's API as plain values. */
  readonly objects?: readonly unknown[];
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

const SILENT: Log = { line: () => undefined };

/** Rejects when the folder cannot be read or the port is taken. A mistake in the YAML is reported, not thrown. */
export async function startDevControlPlane(options: DevOptions): Promise<DevControlPlane> {
  const { folder, host = '127.0.0.1', port = 0, log = SILENT } = options;
  const files = folder === undefined ? undefined : await readFolder(folder);
  const publication = new Publication(buildWorld([]));
  const plane = new ControlPlane(publication, log);
  plane.apply(() => (files ? loadFiles(files) : loadObjects(options.objects ?? [])));
  const server = await startServer(publication, host, port, log);
  const follower =
    folder !== undefined && files
      ? new Folder(folder, files, {
          onChange: (changed) => plane.apply(() => loadFiles(changed)),
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
    update: (objects) => plane.apply(() => loadObjects(objects)),
    stop: async () => {
      follower?.stop();
      await server.stop();
    },
  };
}

class ControlPlane {
  problems: readonly Problem[] = [];
  private readonly events = new EventEmitter();
  private started = false;

  constructor(
    private readonly publication: Publication,
    private readonly log: Log,
  ) {}

  apply(read: () => Loaded): Reload {
    const start = performance.now();
    const { objects, problems, ok } = read();
    this.problems = problems;
    for (const problem of problems) this.report(problem);
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
