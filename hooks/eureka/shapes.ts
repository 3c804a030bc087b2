/** Records of eureka-js-client 4.x, as Eureka's JSON has them. */

import { addressKey, type MeshInstance, type Shape } from '../../src/registry';

export interface EurekaClient {
  emit(event: string): boolean;
}

interface EurekaPort {
  readonly $: number | string;
  readonly '@enabled': string;
}

export interface EurekaRecord {
  readonly instanceId?: string;
  readonly ipAddr: string;
  readonly app?: string;
  /** Several, with commas. */
  readonly vipAddress?: string;
  readonly status?: string;
  /** In deltas. */
  readonly actionType?: string;
  readonly port?: EurekaPort;
  readonly securePort?: EurekaPort;
}

/** `app`, `vip`: as the client was asked. */
export function eurekaShape(
  app: string,
  vip: string,
  metadata: (instance: MeshInstance) => Record<string, string>,
): Shape<EurekaRecord> {
  return {
    key: keyOf,
    weight: () => undefined,
    make: (instance) => {
      const { ip, port } = instance;
      const record = {
        instanceId: `${ip}:${app.toLowerCase()}:${port}`,
        hostName: ip,
        app: app.toUpperCase(),
        ipAddr: ip,
        status: 'UP',
        overriddenStatus: 'UNKNOWN',
        port: { $: port, '@enabled': 'true' },
        securePort: { $: 443, '@enabled': 'false' },
        countryId: 1,
        dataCenterInfo: {
          '@class': 'com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo',
          name: 'MyOwn',
        },
        leaseInfo: {
          renewalIntervalInSecs: 30,
          durationInSecs: 90,
          registrationTimestamp: 0,
          lastRenewalTimestamp: 0,
          evictionTimestamp: 0,
          serviceUpTimestamp: 0,
        },
        metadata: metadata(instance),
        vipAddress: vip,
        isCoordinatingDiscoveryServer: 'false',
        lastUpdatedTimestamp: '0',
        lastDirtyTimestamp: '0',
        actionType: 'ADDED',
      };
      return record;
    },
  };
}

/** `ip:port` of an instance; undefined for one without. */
export function keyOf({ ipAddr, port, securePort }: EurekaRecord): string | undefined {
  const used = isOn(port) || !isOn(securePort) ? port : securePort;
  return typeof ipAddr === 'string' && used !== undefined ? addressKey(ipAddr, Number(used.$)) : undefined;
}

function isOn(port: EurekaPort | undefined): boolean {
  return port !== undefined && String(port['@enabled']) === 'true';
}
