import { setTimeout as pause } from 'node:timers/promises';
import { ZooKeeperNodes } from './zookeeper-nodes';

const INTERVAL_MS = 250;
const NODES = 20;
/** A client that lived through a fault may never answer. */
const PATIENCE_MS = 2_000;

/** Nodes that come and go all the time. Requests that meet a dead ZooKeeper are part of it. */
export class ZooKeeperChurn {
  private isOver = false;
  private nodes: ZooKeeperNodes | undefined;
  private readonly running: Promise<void>;

  /** `path` of each of twenty nodes. */
  constructor(
    private readonly address: string,
    private readonly path: (index: number) => string,
  ) {
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.isOver = true;
    await this.running;
    this.nodes?.close();
    this.nodes = undefined;
  }

  private async run(): Promise<void> {
    for (let i = 0; !this.isOver; i++) {
      if (!(await this.change(i))) {
        this.nodes?.close();
        this.nodes = undefined;
      }
      await pause(INTERVAL_MS);
    }
  }

  private change(i: number): Promise<boolean> {
    const path = this.path(i % NODES);
    const work = async () => {
      const nodes = this.nodes ?? (await this.connect());
      await (i % (2 * NODES) < NODES ? nodes.create(path) : nodes.remove(path));
      return true;
    };
    return Promise.race([work().catch(() => false), pause(PATIENCE_MS, false)]);
  }

  /** A connection that comes after its time is nobody's. */
  private async connect(): Promise<ZooKeeperNodes> {
    const fresh = await ZooKeeperNodes.connect(this.address);
    if (!this.isOver && !this.nodes) this.nodes = fresh;
    else fresh.close();
    return fresh;
  }
}
