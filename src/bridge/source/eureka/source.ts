/** Follows a Eureka registry: full at first and whenever a delta does not lead to the server's hash. */

import { setImmediate as turn } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { credential, HttpClient, HttpFailure, Pause, Retry, ServerList, sentenceOf } from '../../http';
import type { RegistryService, Source, SourceContext, SourceSink, SourceState } from '../../model';
import { type EurekaAnswer, readAnswer } from './answer';
import { type EurekaConfig, serversOf } from './config';
import { EurekaRegistry } from './registry';
import { serviceOf } from './service';
import { Settling } from './settling';

/** A registry of 50,000 instances is about 60 MB of JSON. */
const MAX_BYTES = 512 * 1024 * 1024;
const FIRST_RETRY_MS = 500;
/** Applications that are compared without letting others have a turn: a few milliseconds. */
const APPS_AT_ONCE = 200;

/** Throws a sentence when the configuration names no server. */
export function createEurekaSource(config: EurekaConfig, context: SourceContext): Source {
  return new EurekaSource(config, context);
}

class EurekaSource implements Source {
  readonly type = 'eureka';
  readonly name: string;
  private readonly servers: ServerList;
  private readonly http: HttpClient;
  private readonly retry: Retry;
  private readonly pause = new Pause();
  private sink!: SourceSink;
  private running: Promise<void> | undefined;
  private stopped = false;
  private state: SourceState = 'connecting';
  /** Undefined when the next answer must be a full one. */
  private registry: EurekaRegistry | undefined;
  /** The server that `registry` is from: another one may have another window of changes. */
  private origin = '';
  private fullAt = 0;
  /** The registry that was reported last. */
  private known: EurekaRegistry | undefined;
  /** Something failed since. */
  private disturbed = false;
  private readonly settling = new Settling();
  private readonly reported = new Map<string, RegistryService>();
  /** By application: ids of the instances that have a problem. */
  private readonly faulty = new Map<string, readonly string[]>();

  constructor(
    private readonly config: EurekaConfig,
    private readonly context: SourceContext,
  ) {
    const { now, random } = context;
    this.name = config.name;
    this.servers = new ServerList(serversOf(config));
    this.http = new HttpClient({ tls: config.tls, maxSockets: 2, maxBytes: MAX_BYTES, now });
    this.retry = new Retry({ baseMs: FIRST_RETRY_MS, capMs: Math.max(config.pollIntervalMs, 5_000), random });
  }

  start(sink: SourceSink): void {
    this.sink = sink;
    sink.state('connecting');
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.pause.end();
    this.http.close();
    await this.running;
  }

  private async run(): Promise<void> {
    while (!this.stopped) await this.pause.wait(await this.round());
  }

  /** One question, to as many servers as it takes. Gives the milliseconds until the next. */
  private async round(): Promise<number> {
    const failures: string[] = [];
    for (const _ of this.servers.servers) {
      const server = this.servers.current;
      try {
        await this.ask(server);
        this.retry.good();
        return this.config.pollIntervalMs * (0.9 + this.context.random() * 0.2);
      } catch (error) {
        if (this.stopped) return 0;
        this.disturbed = true;
        failures.push(sentenceOf(error, server));
        this.servers.failed(server);
      }
    }
    this.become('down', failures.join('; '));
    return this.retry.next();
  }

  private async ask(server: string): Promise<void> {
    const back = this.state !== 'up';
    if (this.wantsFull(server) || !(await this.takeDelta(server))) await this.takeFull(server);
    else if (back) this.sink.synced();
    for (const app of this.settling.over(this.context.now())) this.report(app);
    if (back && !this.stopped) this.become('up', undefined, server);
  }

  private wantsFull(server: string): boolean {
    const { delta, fullIntervalMs } = this.config;
    if (!delta || !this.registry || this.origin !== server) return true;
    return fullIntervalMs > 0 && this.context.now() - this.fullAt >= fullIntervalMs;
  }

  /** False: the whole registry must be read. */
  private async takeDelta(server: string): Promise<boolean> {
    const delta = await this.fetch(server, '/apps/delta').catch((error: unknown) => {
      // Servers may have deltas switched off (403), or not know them; if it was the password, the full answer tells.
      if (error instanceof HttpFailure && (error.status === 403 || error.status === 404)) return undefined;
      throw error;
    });
    if (!delta) return false;
    const registry = this.registry!;
    // Until the hash is verified the registry is worth nothing.
    this.registry = undefined;
    const named = registry.apply(delta);
    if (registry.hash !== delta.hash) {
      const fields = { source: this.name, server, ours: registry.hash, theirs: delta.hash };
      this.context.log.info('eureka.hash-mismatch', fields);
      return false;
    }
    this.registry = registry;
    for (const app of named) this.report(app);
    return true;
  }

  private async takeFull(server: string): Promise<void> {
    const registry = await EurekaRegistry.of(await this.fetch(server, '/apps'));
    this.settle(registry);
    this.registry = registry;
    this.known = registry;
    this.origin = server;
    this.fullAt = this.context.now();
    let told = 0;
    for (const app of new Set([...this.reported.keys(), ...registry.apps.keys()])) {
      if (++told % APPS_AT_ONCE === 0) await turn();
      if (this.stopped) return;
      this.report(app);
    }
    this.sink.synced();
  }

  private settle(registry: EurekaRegistry): void {
    const { settleMs } = this.config;
    if (this.disturbed && this.known && settleMs > 0) {
      this.settling.begin(this.known, registry, this.context.now() + settleMs);
    }
    this.disturbed = false;
  }

  /** Tells what is new of an application, if anything. */
  private report(app: string): void {
    const registry = this.registry!;
    const instances = [...(registry.apps.get(app)?.values() ?? []), ...this.settling.of(app, registry)];
    const { service, problems } = serviceOf(app, instances, this.config.address);
    const before = this.faulty.get(app) ?? [];
    for (const id of before) if (!problems.has(id)) this.sink.problem(app, id, undefined);
    for (const [id, problem] of problems) this.sink.problem(app, id, problem);
    if (problems.size > 0) this.faulty.set(app, [...problems.keys()]);
    else this.faulty.delete(app);
    if (instances.length === 0) {
      if (this.reported.delete(app)) this.sink.remove(app);
    } else if (!isDeepStrictEqual(service, this.reported.get(app))) {
      this.reported.set(app, service);
      this.sink.update(service);
    }
  }

  private async fetch(server: string, path: string): Promise<EurekaAnswer> {
    const { regions, timeoutMs } = this.config;
    const query = regions.length > 0 ? `?regions=${regions.map(encodeURIComponent).join(',')}` : '';
    const { status, body } = await this.http.get({
      url: `${server}${path}${query}`,
      headers: { accept: 'application/json', ...(await this.authorization()) },
      timeoutMs,
    });
    if (this.stopped) throw new HttpFailure('the source was stopped');
    if (status !== 200) throw new HttpFailure(refusal(status), status);
    return readAnswer(body.toString('utf8'));
  }

  private async authorization(): Promise<Record<string, string>> {
    const { username, password, passwordFile } = this.config;
    if (username === '') return {};
    const secret = await credential({ key: 'password', value: password, file: passwordFile });
    return { authorization: `Basic ${Buffer.from(`${username}:${secret ?? ''}`).toString('base64')}` };
  }

  private become(state: SourceState, detail: string | undefined, server?: string): void {
    this.sink.state(state, detail);
    if (state !== this.state) {
      if (state === 'up') this.context.log.info('eureka.connected', { source: this.name, server });
      else this.context.log.warn('eureka.unreachable', { source: this.name, detail });
    }
    this.state = state;
  }
}

function refusal(status: number): string {
  if (status === 401) return 'refuses the request (401); check `username` and `password`';
  if (status === 403)
    return 'refuses the request (403); check `username` and `password`, or it has just started and waits for its peers';
  if (status === 404)
    return 'has no registry at this path (404); is the base URL right, such as http://host:8761/eureka?';
  return `answers with status ${status}`;
}
