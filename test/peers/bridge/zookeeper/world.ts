import { Value } from '@sinclair/typebox/value';
import type { RegistryInstance, Source } from '../../../../src/bridge/model';
import {
  createZooKeeperSource,
  type ZooKeeperConfig,
  zookeeperSchema,
} from '../../../../src/bridge/source/zookeeper';
import { RecordingSink, testContext } from '../../../support/source-sink';

/** A source that has been started, what it reports, and what it logs. */
export class Followed {
  readonly sink = new RecordingSink();
  readonly lines: string[] = [];
  readonly source: Source;

  constructor(address: string | readonly string[], more: object = {}) {
    const servers = typeof address === 'string' ? [address] : [...address];
    const given = { type: 'zookeeper', name: 'zk', servers, ...more };
    const config = Value.Default(zookeeperSchema, given) as ZooKeeperConfig;
    this.source = createZooKeeperSource(config, testContext(this.lines));
    this.source.start(this.sink);
  }

  /** Resolves when everything has been reported once, or `syncs` times. */
  async synced(syncs = 1): Promise<this> {
    await this.sink.until(() => this.sink.syncs >= syncs, `synchronisation ${syncs}`);
    return this;
  }

  /** `id weight`, and `off` for those switched off; undefined: there is no such service. */
  standing(key: string): string[] | undefined {
    return this.sink.services.get(key)?.instances.map(describe);
  }

  /** Resolves when the service is so. */
  async untilStanding(key: string, expected: readonly string[] | undefined): Promise<void> {
    const wanted = JSON.stringify(expected);
    try {
      await this.sink.until(() => JSON.stringify(this.standing(key)) === wanted, `${key} as ${wanted}`);
    } catch (error) {
      throw new Error(`it is ${JSON.stringify(this.standing(key))}: ${(error as Error).message}`);
    }
  }

  /** How few instances the service had at any time since its first report; 0 if it was ever removed. */
  fewest(key: string): number {
    const counts = this.sink.events.flatMap((event) => {
      if (event === `remove ${key}`) return [0];
      return event.startsWith(`update ${key} `) ? [Number(event.slice(event.lastIndexOf(' ') + 1))] : [];
    });
    return Math.min(...counts);
  }

  stop(): Promise<void> {
    return this.source.stop();
  }
}

function describe({ id, weight, enabled }: RegistryInstance): string {
  return `${id} ${weight}${enabled ? '' : ' off'}`;
}
