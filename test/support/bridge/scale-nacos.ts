/** Services of a real Nacos that change while a bridge follows it. */

import type { NacosServer } from '../../../lab';
import { NacosWire } from '../nacos-wire';

const INSTANCES = 2;

export class ChangingNacos {
  private changes = 0;
  private readonly ports: number[];

  private constructor(
    private readonly wire: NacosWire,
    services: number,
  ) {
    this.ports = new Array<number>(services).fill(8_080);
  }

  static async open(server: NacosServer, services: number): Promise<ChangingNacos> {
    const made = new ChangingNacos(await NacosWire.open(`127.0.0.1:${server.grpcPort}`), services);
    for (let index = 0; index < services; index++) await made.publish(index);
    return made;
  }

  /** The next service gets another port at its first instance. */
  async change(): Promise<void> {
    const index = this.changes++ % this.ports.length;
    this.ports[index] = 9_000 + (this.changes % 1_000);
    await this.publish(index);
  }

  /** `ip:port`, sorted, by host. */
  listed(): Map<string, string[]> {
    return new Map(
      this.ports.map((_unused, index) => [
        `real-${index}.default-group.public.nacos`,
        this.instances(index)
          .map(({ ip, port }) => `${ip}:${port}`)
          .sort(),
      ]),
    );
  }

  close(): void {
    this.wire.close();
  }

  /** All instances of the service: a connection has one publication for each. */
  private async publish(index: number): Promise<void> {
    const { body } = await this.wire.request('BatchInstanceRequest', {
      ...{ namespace: 'public', groupName: 'DEFAULT_GROUP', serviceName: `real-${index}` },
      ...{ type: 'batchRegisterInstance', instances: this.instances(index) },
    });
    if (body['resultCode'] !== 200) throw new Error(JSON.stringify(body));
  }

  private instances(index: number) {
    return Array.from({ length: INSTANCES }, (_unused, i) => ({
      ...{
        ip: `10.${200 + (index >> 8)}.${index & 255}.${i + 1}`,
        port: i === 0 ? this.ports[index]! : 8_080,
      },
      ...{ weight: 1, healthy: true, enabled: true, ephemeral: true, clusterName: 'DEFAULT', metadata: {} },
    }));
  }
}
