import { parseConfig } from '../../../src/bridge/config';
import { type Bridge, startBridge } from '../../../src/bridge/main';
import type { RegistryService, Source, SourceSink } from '../../../src/bridge/model';

/** A registry that says what the test wants. */
class ScriptedSource implements Source {
  readonly type = 'consul';
  sink: SourceSink | undefined;
  private readonly keys = new Set<string>();

  constructor(readonly name: string) {}

  start(sink: SourceSink): void {
    this.sink = sink;
    sink.state('up');
  }

  async stop(): Promise<void> {
    this.sink = undefined;
  }

  /** The whole registry; what is absent is removed. */
  set(services: readonly RegistryService[]): void {
    const wanted = new Set(services.map(({ key }) => key));
    for (const service of services) this.sink?.update(service);
    for (const key of this.keys) if (!wanted.has(key)) this.sink?.remove(key);
    this.keys.clear();
    for (const key of wanted) this.keys.add(key);
    this.sink?.synced();
  }
}

/** A bridge in this process whose registries are scripted; everything after them is the real one. */
export class ScriptedBridge {
  private constructor(
    readonly bridge: Bridge,
    private readonly sources: ReadonlyMap<string, ScriptedSource>,
  ) {}

  /** `sources`: names. `convert` is that of every source. */
  static async start(
    sources: readonly string[],
    convert: Readonly<Record<string, unknown>> = {},
  ): Promise<ScriptedBridge> {
    const text = JSON.stringify({
      mcp: { listen: '127.0.0.1:0' },
      admin: { enabled: false },
      catalogue: { graceMs: 0 },
      sources: sources.map((name) => ({ type: 'consul', name, servers: ['http://127.0.0.1:1'], convert })),
    });
    const { config, problems } = parseConfig('scripted.yaml', text, {});
    if (!config) throw new Error(problems.map(({ path, message }) => `${path}: ${message}`).join('\n'));
    const made = new Map(sources.map((name) => [name, new ScriptedSource(name)]));
    const bridge = await startBridge({
      config,
      log: { line: () => undefined },
      makeSource: ({ name }) => made.get(name)!,
    });
    return new ScriptedBridge(bridge, made);
  }

  get configSource(): string {
    return `xds://${this.bridge.mcpAddress}`;
  }

  set(source: string, services: readonly RegistryService[]): void {
    this.sources.get(source)!.set(services);
  }

  stop(): Promise<void> {
    return this.bridge.stop();
  }
}
