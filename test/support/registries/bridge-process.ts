import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { answersOk, fetchText, freePorts, LabServer, type Launch, labFolder, started } from '../../../lab';
import { bundled } from '../bundle';

/** Without the sections that the process itself needs: `mcp`, `admin`, `log`, `snapshot` unless told otherwise. */
export type BridgeSettings = Readonly<Record<string, unknown>> & { readonly sources: readonly unknown[] };

export interface ServedEntryPage {
  readonly host: string;
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly resolution: string;
  readonly location: string;
  readonly exportTo: readonly string[];
  readonly addresses: readonly string[];
  readonly ports: readonly { readonly number: number; readonly name: string; readonly protocol: string }[];
  readonly endpoints: readonly {
    readonly address: string;
    readonly ports: Readonly<Record<string, number>>;
    readonly labels: Readonly<Record<string, string>>;
    readonly weight: number;
    readonly locality: string;
    readonly network: string;
    readonly serviceAccount: string;
  }[];
}

export interface RejectionPage {
  readonly source: string;
  readonly service: string;
  readonly instance?: string;
  readonly code: string;
  readonly reason: string;
}

/** Starts `inmesh bridge` as a process of its own, on free ports that it keeps over restarts. */
export async function startBridgeProcess(settings: BridgeSettings): Promise<BridgeProcess> {
  return started(
    new BridgeProcess(await bundled('cli', 'src/cli/main.ts'), await labFolder('bridge'), settings),
  );
}

export class BridgeProcess extends LabServer {
  mcpPort = 0;
  adminPort = 0;

  constructor(
    private readonly command: string,
    folder: string,
    private settings: BridgeSettings,
  ) {
    super('inmesh bridge', folder);
  }

  /** A config source of istiod. */
  get configSource(): string {
    return `xds://127.0.0.1:${this.mcpPort}`;
  }

  get mcpAddress(): string {
    return `127.0.0.1:${this.mcpPort}`;
  }

  private get snapshotFile(): string {
    return join(this.folder, 'snapshot.json');
  }

  /** As it is on disk; empty before the first. */
  snapshot(): Promise<string> {
    return readFile(this.snapshotFile, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
  }

  /** Of a bridge that does not run. */
  forgetSnapshot(): Promise<void> {
    return rm(this.snapshotFile, { force: true });
  }

  /** Replaces the settings; the running process follows its file by itself. */
  async configure(settings: BridgeSettings): Promise<void> {
    this.settings = settings;
    await this.writeConfiguration();
  }

  /** A JSON page of the admin server. */
  async page<T>(path: string): Promise<T> {
    const { status, body } = await fetchText(`http://127.0.0.1:${this.adminPort}${path}`);
    if (status !== 200) throw new Error(`${path}: ${status} ${body}`);
    return JSON.parse(body) as T;
  }

  /** Everything served, by host. */
  async served(part = ''): Promise<ReadonlyMap<string, ServedEntryPage>> {
    const page = await this.page<{ entries: readonly ServedEntryPage[] }>(`/catalogue?host=${part}`);
    return new Map(page.entries.map((entry) => [entry.host, entry]));
  }

  async rejected(): Promise<readonly RejectionPage[]> {
    return (await this.page<{ rejections: readonly RejectionPage[] }>('/rejected')).rejections;
  }

  protected async choosePorts(): Promise<void> {
    [this.mcpPort, this.adminPort] = (await freePorts(2)) as [number, number];
  }

  protected async launch(): Promise<Launch> {
    await this.writeConfiguration();
    const args = [this.command, 'bridge', '--config', this.configurationFile];
    return { command: process.execPath, args };
  }

  protected isReady(): Promise<boolean> {
    return answersOk(`http://127.0.0.1:${this.adminPort}/readyz`);
  }

  private get configurationFile(): string {
    return join(this.folder, 'bridge.yaml');
  }

  private async writeConfiguration(): Promise<void> {
    const configuration = {
      mcp: { listen: this.mcpAddress },
      admin: { listen: `127.0.0.1:${this.adminPort}` },
      log: { level: 'info', format: 'json' },
      snapshot: { file: this.snapshotFile, debounceMs: 200 },
      ...this.settings,
    };
    // JSON is YAML.
    await writeFile(this.configurationFile, JSON.stringify(configuration, null, 2));
  }
}
