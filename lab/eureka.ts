import { join } from 'node:path';
import { answersOk } from './http';
import { isSkipped, type Skipped } from './installed';
import { LabServer, type Launch, labFolder, started } from './lab-server';
import { jvmOptions, mavenProject } from './maven-project';
import { freePort } from './ports';

export interface EurekaOptions {
  /** Further settings by name, such as `eureka.server.retention-time-in-m-s-in-delta-queue`. */
  readonly properties?: Readonly<Record<string, string | number>>;
}

/** Starts a real Eureka server on a free port of the loopback; its evictions and caches take seconds, not minutes. */
export async function startEureka(options: EurekaOptions = {}): Promise<EurekaServer | Skipped> {
  const jars = await mavenProject('eureka-server');
  if (isSkipped(jars)) return jars;
  return started(new EurekaServer(jars, await labFolder('eureka'), options));
}

/** It stores nothing: after a restart it knows what registers or renews again. */
export class EurekaServer extends LabServer {
  port = 0;

  constructor(
    private readonly jars: string,
    folder: string,
    private readonly options: EurekaOptions,
  ) {
    super('eureka', folder);
  }

  /** Of its REST API, `/apps` and so on below it. */
  get url(): string {
    return `http://127.0.0.1:${this.port}/eureka`;
  }

  protected async choosePorts(): Promise<void> {
    this.port = await freePort();
  }

  protected launch(): Launch {
    const properties = Object.entries({ 'server.port': this.port, ...this.options.properties });
    const settings = properties.map(([name, value]) => `--${name}=${value}`);
    const jar = join(this.jars, 'eureka-server.jar');
    return { command: 'java', args: [...jvmOptions(128, this.folder), '-jar', jar, ...settings] };
  }

  protected isReady(): Promise<boolean> {
    return answersOk(`${this.url}/apps`);
  }
}
