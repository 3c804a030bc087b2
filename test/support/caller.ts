import { join } from 'node:path';
import { type AppOptions, ROOT, type Script, startScript } from './app';
import { eventually } from './load';

/** What a call of the caller application came to. */
export interface CallResult {
  /** Milliseconds from `http.request` to the end of the answer, measured inside the application. */
  readonly ms: number;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The error's code, when there was no answer. */
  readonly error?: string;
}

export interface CallOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** An application (`fixtures/apps/peers-caller.js`) that makes the calls a test wants, with plain `http`. */
export class Caller {
  private calls = 0;

  private constructor(readonly script: Script) {}

  static async start(options: AppOptions = {}): Promise<Caller> {
    const script = await startScript(join(ROOT, 'fixtures', 'apps', 'peers-caller.js'), options);
    const caller = new Caller(script);
    await script.fact('ready');
    return caller;
  }

  async call(url: string, options: CallOptions = {}, timeoutMs = 20_000): Promise<CallResult> {
    const id = ++this.calls;
    this.script.tell({ call: id, url, ...options });
    const find = () => this.script.facts('answered').find(({ answered }) => answered === id);
    return (await eventually(`an answer of ${url}\n${this.log()}`, find, timeoutMs))
      .value as unknown as CallResult;
  }

  /** Resident memory, bytes. */
  memory(): Promise<number> {
    return this.ask({ memory: true }, 'rss');
  }

  watch(): void {
    this.script.tell({ watch: true });
  }

  /** The longest that the main thread was busy at a stretch since `watch`, milliseconds of CPU time. */
  longestStretch(): Promise<number> {
    return this.ask({ watch: false }, 'longestMs');
  }

  /** What it wrote, without the answers it told. */
  log(): string {
    const lines = this.script.process.log.split('\n');
    return lines.filter((line) => !line.startsWith('{"answered"')).join('\n');
  }

  stop(): Promise<void> {
    return this.script.stop();
  }

  private async ask(command: unknown, key: string): Promise<number> {
    const before = this.script.facts(key).length;
    this.script.tell(command);
    const { value } = await eventually(key, () => this.script.facts(key)[before]);
    return Number(value[key]);
  }
}
