import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { isSkipped, type Skipped } from './installed';
import { LabServer, type Launch, labFolder, started } from './lab-server';
import { jvmOptions, mavenProject } from './maven-project';
import { freePort } from './ports';

/** A word asked while the database still loads is never answered, hence a time for each try. */
const WORD_PATIENCE_MS = 300;

export interface ZooKeeperOptions {
  /** The longest session it grants, ms; 60,000 when absent. Dubbo asks for 60 s. */
  readonly maxSessionMs?: number;
}

/** Starts a real ZooKeeper 3.8 on a free port of the loopback. */
export async function startZooKeeper(options: ZooKeeperOptions = {}): Promise<ZooKeeperServer | Skipped> {
  const jars = await mavenProject('zookeeper');
  if (isSkipped(jars)) return jars;
  return started(new ZooKeeperServer(jars, await labFolder('zookeeper'), options));
}

export class ZooKeeperServer extends LabServer {
  port = 0;

  constructor(
    private readonly jars: string,
    folder: string,
    private readonly options: ZooKeeperOptions,
  ) {
    super('zookeeper', folder);
  }

  /** `127.0.0.1:port`. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  protected async choosePorts(): Promise<void> {
    this.port = await freePort();
  }

  protected async launch(): Promise<Launch> {
    const file = join(this.folder, 'zoo.cfg');
    const settings = {
      tickTime: 500,
      minSessionTimeout: 1000,
      maxSessionTimeout: this.options.maxSessionMs ?? 60_000,
      dataDir: join(this.folder, 'data'),
      clientPort: this.port,
      clientPortAddress: '127.0.0.1',
      'admin.enableServer': false,
      '4lw.commands.whitelist': '*',
      maxClientCnxns: 0,
    };
    const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
    await writeFile(file, lines.join(''));
    const jar = join(this.jars, 'zookeeper-server.jar');
    // Tests lose no power: what they need is a server that survives its own death.
    const args = [
      ...jvmOptions(96, this.folder),
      '-Dzookeeper.forceSync=no',
      '-Dzookeeper.jmx.log4j.disable=true',
    ];
    return { command: 'java', args: [...args, '-jar', jar, file] };
  }

  /** It says that it is well before it takes sessions, and a client that comes between waits for ever. */
  protected async isReady(): Promise<boolean> {
    return (await this.word('srvr').catch(() => '')).includes('Mode: ');
  }

  /** The answer to one of its four-letter words, such as `ruok`, `cons`, `wchp`. */
  word(word: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const parts: string[] = [];
      const socket = connect(this.port, '127.0.0.1', () => socket.write(word));
      socket.setTimeout(WORD_PATIENCE_MS, () => socket.destroy(new Error(`no answer to ${word}`)));
      socket.setEncoding('utf8').on('data', (text: string) => parts.push(text));
      socket.once('error', reject);
      socket.once('close', () => resolve(parts.join('')));
    });
  }
}
