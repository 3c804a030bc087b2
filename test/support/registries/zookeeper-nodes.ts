import { type Client, CreateMode, createClient, Exception } from 'node-zookeeper-client';

/** Reads and writes nodes of a ZooKeeper by the npm client. */
export class ZooKeeperNodes {
  private constructor(private readonly client: Client) {}

  /** `address` is `127.0.0.1:port`; what is created as ephemeral lives as long as this client. */
  static connect(address: string): Promise<ZooKeeperNodes> {
    const client = createClient(address, { sessionTimeout: 10_000 });
    const connected = new Promise<ZooKeeperNodes>((resolve) => {
      client.once('connected', () => resolve(new ZooKeeperNodes(client)));
    });
    client.connect();
    return connected;
  }

  /** Parents are made as needed, persistent. */
  async create(path: string, data = '', ephemeral = false): Promise<void> {
    const parent = path.slice(0, path.lastIndexOf('/'));
    if (parent) await this.promise<void>((done) => this.client.mkdirp(parent, (error) => done(error)));
    const mode = ephemeral ? CreateMode.EPHEMERAL : CreateMode.PERSISTENT;
    await this.promise<string>((done) => this.client.create(path, Buffer.from(data), mode, done));
  }

  setData(path: string, data: string): Promise<unknown> {
    return this.promise((done) => this.client.setData(path, Buffer.from(data), done));
  }

  data(path: string): Promise<string> {
    return this.promise<Buffer>((done) => this.client.getData(path, done)).then((data) => data.toString());
  }

  /** Names of the children; none where there is no such node. */
  async children(path: string): Promise<readonly string[]> {
    try {
      return await this.promise<string[]>((done) => this.client.getChildren(path, done));
    } catch (error) {
      if ((error as Exception).getCode?.() === Exception.NO_NODE) return [];
      throw error;
    }
  }

  remove(path: string): Promise<void> {
    return this.promise<void>((done) => this.client.remove(path, (error) => done(error)));
  }

  close(): void {
    this.client.close();
  }

  private promise<T>(ask: (done: (error: Error | Exception | null, value?: T) => void) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      ask((error, value) => (error ? reject(error) : resolve(value as T)));
    });
  }
}
