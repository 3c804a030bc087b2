/** A registry that says what the test says, and the bridge's configuration around it. */

import { type BridgeConfig, parseConfig, startBridge } from '../../../src/bridge';
import type { RegistryInstance, RegistryService, Source, SourceSink } from '../../../src/bridge/model';
import type { Log } from '../../../src/observe';

export class ScriptedSource implements Source {
  readonly type = 'nacos';
  sink: SourceSink | undefined;
  starts = 0;
  stops = 0;

  constructor(
    readonly name: string,
    /** Run at each start, as a registry that answers at once. */
    private readonly onStart: (sink: SourceSink) => void = () => undefined,
  ) {}

  start(sink: SourceSink): void {
    this.sink = sink;
    this.starts++;
    this.onStart(sink);
  }

  async stop(): Promise<void> {
    this.stops++;
  }
}

/** `ip:port` each, as Nacos would have them in `public`, DEFAULT_GROUP. */
export function registryService(
  name: string,
  addresses: readonly string[],
  more: Partial<RegistryInstance> = {},
): RegistryService {
  return {
    key: `public/DEFAULT_GROUP/${name}`,
    kind: 'service',
    namespace: 'public',
    group: 'DEFAULT_GROUP',
    name,
    metadata: {},
    instances: addresses.map((each) => {
      const split = each.lastIndexOf(':');
      return {
        id: each,
        address: each.slice(0, split),
        port: Number(each.slice(split + 1)),
        weight: 1,
        healthy: true,
        enabled: true,
        metadata: {},
        ...more,
      };
    }),
  };
}

/** `demo.Orders`, provided at 10.3.0.1 and consumed by the application `web`. */
export function dubboServices(): RegistryService[] {
  const dubbo = { interface: 'demo.Orders', group: '', version: '', application: '' };
  const of = (
    kind: RegistryService['kind'],
    key: string,
    { instances }: RegistryService,
  ): RegistryService => ({
    ...{ key, kind, namespace: '', group: '', name: dubbo.interface, dubbo, metadata: {}, instances },
  });
  const consumer = registryService('', ['10.9.0.1:0'], { metadata: { application: 'web' } });
  return [
    of(
      'dubbo-interface',
      'interface//demo.Orders:',
      registryService('', ['10.3.0.1:20880'], { protocol: 'dubbo' }),
    ),
    of('dubbo-consumers', 'consumers/interface//demo.Orders:', consumer),
  ];
}

/** A working configuration with one source named `nacos`; `yaml` is put before it. */
export function bridgeYaml(yaml = '', sources = ''): string {
  return `
mcp: { listen: "127.0.0.1:0", minPushIntervalMs: 10 }
admin: { listen: "127.0.0.1:0" }
${yaml}
sources:
  - { name: nacos, type: nacos, servers: ["127.0.0.1:1"] }
${sources}`;
}

export function configOf(text: string): BridgeConfig {
  const { config, problems } = parseConfig('bridge.yaml', text, {});
  if (!config) throw new Error(problems.map(({ message }) => message).join('; '));
  return config;
}

export interface LogLine {
  readonly level: string;
  readonly event: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export class RecordedLog implements Log {
  readonly lines: LogLine[] = [];

  line(level: string, event: string, message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    this.lines.push({ level, event, message, fields });
  }

  of(event: string): LogLine[] {
    return this.lines.filter((line) => line.event === event);
  }
}

/** A bridge in this process over scripted sources, by name. */
export async function startScripted(
  config: BridgeConfig,
  sources: Readonly<Record<string, ScriptedSource>>,
  more: { readonly file?: string } = {},
) {
  const log = new RecordedLog();
  const makeSource = ({ name }: { readonly name: string }) => sources[name] ?? new ScriptedSource(name);
  const bridge = await startBridge({ config, log, makeSource, ...more });
  return { bridge, log };
}
