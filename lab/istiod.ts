import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answersOk, fetchText } from './http';
import { isSkipped, type Skipped } from './installed';
import { istiodBinary } from './istiod-binary';
import { freePorts } from './ports';
import { LabProcess } from './process';
import { cleanEnvironment, run } from './run';
import { TokenIssuer } from './token-issuer';

/** The name in the certificate of istiod's secure port. */
export const ISTIOD_SERVER_NAME = 'istiod.istio-system.svc';

export interface IstiodOptions {
  /** Folder of Istio YAML, followed in place. A folder of its own when absent. */
  readonly configDir?: string;
  /** Written into the folder before the start, by file name. */
  readonly files?: Readonly<Record<string, string>>;
  /** More sources beside the folder, such as `xds://127.0.0.1:15100`. */
  readonly configSources?: readonly string[];
  /** Services of a Kubernetes cluster beside the configuration; without them there is none. */
  readonly services?: readonly KubernetesService[];
  /** Merged over the lab's mesh config. */
  readonly meshConfig?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
}

export interface KubernetesService {
  readonly namespace: string;
  readonly name: string;
  readonly clusterIP: string;
  readonly ports: readonly { readonly name: string; readonly port: number; readonly target: number }[];
  /** Of its endpoints. */
  readonly addresses: readonly string[];
}

interface Ports {
  readonly grpc: number;
  readonly secure: number;
  readonly http: number;
  readonly monitoring: number;
}

/** Starts a real istiod on free ports of the loopback and waits until it answers. */
export async function startIstiod(options: IstiodOptions = {}): Promise<Istiod | Skipped> {
  const binary = await istiodBinary();
  if (isSkipped(binary)) return binary;
  const folder = await mkdtemp(join(tmpdir(), 'inmesh-istiod-'));
  const configDir = options.configDir ?? join(folder, 'config');
  await mkdir(configDir, { recursive: true });
  await mkdir(join(folder, 'authority'));
  await run(binary, ['ca', join(folder, 'authority')]);
  const issuer = new TokenIssuer();
  const jwtRule = await issuer.start();
  const istiod = new Istiod(binary, folder, configDir, issuer, {
    POD_NAME: 'istiod-0',
    POD_NAMESPACE: 'istio-system',
    ROOT_CA_DIR: join(folder, 'authority'),
    PILOT_DEBOUNCE_AFTER: '10ms',
    ENABLE_DEBUG_ENDPOINT_AUTH: 'false',
    JWT_RULE: jwtRule,
    ...options.env,
  });
  try {
    for (const [name, text] of Object.entries(options.files ?? {})) await istiod.write(name, text);
    if (options.services) await istiod.writeServices(options.services);
    await istiod.writeMeshConfig(options.configSources ?? [], options.meshConfig ?? {});
    await istiod.startOnNewPorts();
    return istiod;
  } catch (error) {
    await istiod.stop();
    throw error;
  }
}

export class Istiod {
  private ports: Ports = { grpc: 0, secure: 0, http: 0, monitoring: 0 };
  private process: LabProcess | undefined;
  private services: string | undefined;

  constructor(
    private readonly binary: string,
    private readonly folder: string,
    readonly configDir: string,
    readonly tokens: TokenIssuer,
    private readonly env: Readonly<Record<string, string>>,
  ) {}

  /** `127.0.0.1:port` of plaintext xDS; `grpc://` in front makes it a value of INMESH_XDS. */
  get xdsAddress(): string {
    return `127.0.0.1:${this.ports.grpc}`;
  }

  /** `127.0.0.1:port` of xDS over TLS (`grpcs://`), to be verified by `caFile` and ISTIOD_SERVER_NAME. */
  get secureAddress(): string {
    return `127.0.0.1:${this.ports.secure}`;
  }

  /** The root of the secure port's certificate. */
  get caFile(): string {
    return join(this.folder, 'authority', 'root-cert.pem');
  }

  get pid(): number {
    return this.process?.pid ?? 0;
  }

  log(): string {
    return this.process?.log ?? '';
  }

  /** `127.0.0.1:port` of istiod's own server, for pages that are too large for `debug`. */
  get httpAddress(): string {
    return `127.0.0.1:${this.ports.http}`;
  }

  /** A page of istiod's own server, such as `/debug/syncz`. */
  async debug(path: string): Promise<string> {
    return (await fetchText(`http://${this.httpAddress}${path}`)).body;
  }

  /** Replaces one configuration file, in one step. */
  async write(name: string, text: string): Promise<void> {
    const unfinished = join(this.folder, `unfinished-${name}`);
    await writeFile(unfinished, text);
    await rename(unfinished, join(this.configDir, name));
  }

  async remove(name: string): Promise<void> {
    await rm(join(this.configDir, name), { force: true });
  }

  /** Writes a token file for a service account and gives its path. */
  async tokenFile(namespace: string, serviceAccount: string): Promise<string> {
    const file = join(this.folder, `token-${namespace}-${serviceAccount}`);
    await writeFile(file, this.tokens.token(namespace, serviceAccount), { mode: 0o600 });
    return file;
  }

  /** Ends it and forgets its folder. */
  async stop(): Promise<void> {
    await this.process?.stop();
    this.tokens.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Ends it in an orderly way (streams are closed); `restart` brings it back. */
  async terminate(): Promise<void> {
    await this.process?.stop();
  }

  /** SIGKILL, as in a crash; `restart` brings it back. */
  async kill(): Promise<void> {
    await this.process?.kill();
  }

  /** Starts it again on the same ports; ends it first if it runs. */
  async restart(): Promise<void> {
    if (this.process?.isRunning) await this.process.stop();
    await this.start();
  }

  /** Another process may take a port between its choice and istiod's start, hence the tries. */
  async startOnNewPorts(): Promise<void> {
    for (let tries = 1; ; tries++) {
      const [grpc, secure, http, monitoring] = (await freePorts(4)) as [number, number, number, number];
      this.ports = { grpc, secure, http, monitoring };
      try {
        return await this.start();
      } catch (error) {
        if (tries === 3 || !/address already in use/.test(this.log())) throw error;
      }
    }
  }

  /** Before the start. */
  async writeServices(services: readonly KubernetesService[]): Promise<void> {
    this.services = join(this.folder, 'services.json');
    await writeFile(this.services, JSON.stringify(services));
  }

  async writeMeshConfig(
    sources: readonly string[],
    overrides: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const config = {
      trustDomain: 'cluster.local',
      rootNamespace: 'istio-system',
      defaultConfig: { discoveryAddress: `${ISTIOD_SERVER_NAME}:15012` },
      configSources: [`fs://${this.configDir}`, ...sources].map((address) => ({ address })),
      ...overrides,
    };
    await writeFile(join(this.folder, 'mesh.yaml'), JSON.stringify(config));
  }

  private async start(): Promise<void> {
    const { grpc, secure, http, monitoring } = this.ports;
    const args = [
      ...['-meshConfig', join(this.folder, 'mesh.yaml'), '-exitWithStdin'],
      ...['-grpcAddr', `127.0.0.1:${grpc}`, '-secureGRPCAddr', `127.0.0.1:${secure}`],
      ...['-httpAddr', `127.0.0.1:${http}`, '-monitoringAddr', `127.0.0.1:${monitoring}`],
    ];
    if (this.services !== undefined) args.push('-services', this.services);
    const env = cleanEnvironment(this.env);
    this.process = new LabProcess('istiod', this.binary, args, { cwd: this.folder, env });
    await this.process.untilReady(() => answersOk(`http://127.0.0.1:${http}/ready`));
  }
}
