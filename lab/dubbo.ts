import { join } from 'node:path';
import { isSkipped, type Skipped } from './installed';
import { LabServer, type Launch, labFolder, started } from './lab-server';
import { jvmOptions, mavenProject } from './maven-project';
import { freePorts } from './ports';

/** Deregistering takes up to 8 s after SIGTERM, and longer when the registry is gone. */
const STOP_PATIENCE_MS = 15_000;
const HEAP_MB = 160;

export interface DubboProviderOptions {
  /** `zookeeper://127.0.0.1:port`, `nacos://127.0.0.1:port?group=g`. */
  readonly registries: readonly string[];
  /** `dubbo` when absent; the first is the application's own port. */
  readonly protocols?: readonly ('dubbo' | 'tri')[];
  /** Ports for the protocols, to come back where it was; free ones when absent. */
  readonly ports?: readonly number[];
  /** Further arguments of lab/dubbo-peer's Provider: `register-mode=all`, `service=greeting:g1:1.0.0`, … */
  readonly arguments?: readonly string[];
}

/** Starts a real Dubbo 3.3 provider of `demo.GreetingService` (unless told otherwise) on the loopback. */
export async function startDubboProvider(options: DubboProviderOptions): Promise<DubboProvider | Skipped> {
  const jars = await mavenProject('dubbo-peer');
  if (isSkipped(jars)) return jars;
  return started(new DubboProvider(jars, await labFolder('dubbo'), options));
}

function classPath(jars: string): string {
  return `${join(jars, 'dubbo-peer.jar')}:${join(jars, 'dependency', '*')}`;
}

export class DubboProvider extends LabServer {
  /** By protocol, as in the options. */
  ports: readonly number[] = [];

  constructor(
    private readonly jars: string,
    folder: string,
    private readonly options: DubboProviderOptions,
  ) {
    super('dubbo-provider', folder);
  }

  get port(): number {
    return this.ports[0] ?? 0;
  }

  protected async choosePorts(): Promise<void> {
    const { protocols = ['dubbo'], ports } = this.options;
    this.ports = ports ?? (await freePorts(protocols.length));
  }

  protected launch(): Launch {
    const { registries, protocols = ['dubbo'], arguments: more = [] } = this.options;
    const args = [
      ...jvmOptions(HEAP_MB, this.folder),
      ...['-cp', classPath(this.jars), 'demo.Provider'],
      ...registries.map((registry) => `registry=${registry}`),
      ...protocols.map((protocol, i) => `protocol=${protocol}:${this.ports[i]}`),
      ...more,
    ];
    return { command: 'java', args, options: { stopPatienceMs: STOP_PATIENCE_MS } };
  }

  protected async isReady(): Promise<boolean> {
    return this.log().includes('PROVIDER-READY');
  }
}

/** Starts a real Dubbo consumer; `args` are those of lab/dubbo-peer's Consumer. */
export async function startDubboConsumer(args: readonly string[]): Promise<DubboConsumer | Skipped> {
  const jars = await mavenProject('dubbo-peer');
  if (isSkipped(jars)) return jars;
  return started(new DubboConsumer(jars, await labFolder('dubbo'), args));
}

/** Calls as a Dubbo application does. */
export class DubboConsumer extends LabServer {
  private readonly lines: string[] = [];
  private readonly waiting: ((line: string) => void)[] = [];

  constructor(
    private readonly jars: string,
    folder: string,
    private readonly args: readonly string[],
  ) {
    super('dubbo-consumer', folder);
  }

  /** One line of `greet NAME`, `whoami`, `find NUMBER`, `level SKU`; resolves with `OK ms answer` or `ERR ms reason`. */
  call(line: string): Promise<string> {
    this.write(`${line}\n`);
    const ready = this.lines.shift();
    if (ready !== undefined) return Promise.resolve(ready);
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  protected async choosePorts(): Promise<void> {
    // It listens nowhere.
  }

  protected launch(): Launch {
    const args = [
      ...jvmOptions(HEAP_MB, this.folder),
      '-cp',
      classPath(this.jars),
      'demo.Consumer',
      ...this.args,
    ];
    return {
      command: 'java',
      args,
      options: { onLine: (line) => this.take(line), stopPatienceMs: STOP_PATIENCE_MS },
    };
  }

  protected async isReady(): Promise<boolean> {
    return this.log().includes('CONSUMER-READY');
  }

  private take(line: string): void {
    if (!/^(OK|ERR) \d/.test(line)) return;
    const waiting = this.waiting.shift();
    if (waiting) waiting(line);
    else this.lines.push(line);
  }
}
