import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Value } from '@sinclair/typebox/value';
import {
  Catalogue,
  type CatalogueConfig,
  type CatalogueSourceConfig,
  catalogueSchema,
  catalogueSourceSchema,
  systemClock,
} from '../src/bridge/catalogue';
import {
  type ConvertConfig,
  type ConvertSourceConfig,
  convertSchema,
  convertSourceSchema,
} from '../src/bridge/convert';
import type { RegistryService } from '../src/bridge/model';
import { type Bench, median, type Row } from './row';

const SERVICES = 10_000;
const INSTANCES = 5;
const CHANGES = 500;
const INTERFACES = 30_000;
const PROVIDERS = 20;
const CHANGE_MS = 10;

/** The bridge's own work between a registry's message and the entry that is to be encoded. */
export const bridge: Bench = {
  name: 'bridge',
  async run() {
    const { rows, heap } = nacos();
    return [...rows, heap, dubbo()];
  },
};

function nacos(): { rows: readonly Row[]; heap: Row } {
  const what = `${SERVICES.toLocaleString('en')} services × ${INSTANCES} instances`;
  const { catalogue, mib, ms } = build(SERVICES, (i) => service(i, 1));
  const sink = catalogue.sink('registry');
  const times: number[] = [];
  let names = 0;
  const leave = catalogue.onChange((changed) => {
    names += changed.size;
  });
  for (let change = 0; change < CHANGES; change++) {
    const changed = service((change * 7919) % SERVICES, 2 + change);
    const start = performance.now();
    sink.update(changed);
    // What the MCP server reads of it.
    if (catalogue.snapshot?.entries.size !== SERVICES) throw new Error('a service is missing');
    times.push(performance.now() - start);
  }
  leave();
  if (names !== CHANGES) throw new Error(`${CHANGES} changes told ${names} names`);
  catalogue.close();
  const typical = median(times);
  const slowest = [...times].sort((a, b) => a - b)[Math.floor(CHANGES * 0.99)]!;
  return {
    rows: [
      { what: `bridge: ${what}, built`, measured: `${ms.toFixed(0)} ms`, budget: '' },
      {
        what: 'bridge: one of them changes, until the new snapshot (p50, p99)',
        measured: `${typical.toFixed(2)}, ${slowest.toFixed(2)} ms`,
        budget: `≤ ${CHANGE_MS} ms`,
        within: typical <= CHANGE_MS,
      },
    ],
    heap: {
      what: `bridge: heap of ${what}, facts and entries`,
      measured: `${mib.toFixed(0)} MiB`,
      budget: '',
    },
  };
}

function dubbo(): Row {
  const { catalogue, mib, ms } = build(INTERFACES, dubboInterface);
  catalogue.close();
  return {
    what: `bridge: ${INTERFACES.toLocaleString('en')} Dubbo interfaces × ${PROVIDERS}, as applications`,
    measured: `${ms.toFixed(0)} ms, ${mib.toFixed(0)} MiB`,
    budget: '',
  };
}

/** A synchronised catalogue; `mib` is what it and its facts keep on the heap. */
function build(count: number, make: (i: number) => RegistryService) {
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  const log = { info: () => undefined, warn: () => undefined };
  const catalogue = new Catalogue({
    catalogue: Value.Default(catalogueSchema, {}) as CatalogueConfig,
    convert: Value.Default(convertSchema, {}) as ConvertConfig,
    sources: [
      {
        name: 'registry',
        type: 'nacos',
        convert: Value.Default(convertSourceSchema, {}) as ConvertSourceConfig,
        catalogue: Value.Default(catalogueSourceSchema, {}) as CatalogueSourceConfig,
      },
    ],
    clock: systemClock,
    log,
  });
  catalogue.start();
  const sink = catalogue.sink('registry');
  sink.state('up');
  for (let i = 0; i < count; i++) sink.update(make(i));
  const start = performance.now();
  sink.synced();
  if (catalogue.snapshot === undefined) throw new Error('the gate is closed');
  const ms = performance.now() - start;
  collectGarbage();
  return { catalogue, ms, mib: (process.memoryUsage().heapUsed - before) / 2 ** 20 };
}

function service(i: number, round: number): RegistryService {
  const name = `service-${i}`;
  return {
    key: `public/DEFAULT_GROUP/${name}`,
    kind: 'service',
    namespace: 'public',
    group: 'DEFAULT_GROUP',
    name,
    metadata: {},
    instances: Array.from({ length: INSTANCES }, (_unused, n) => {
      const address = `10.${(i >> 8) & 255}.${i & 255}.${n + 1}`;
      return {
        id: `${address}:8080`,
        address,
        port: 8080,
        weight: n === 0 ? round : 1,
        healthy: true,
        enabled: true,
        cluster: 'DEFAULT',
        metadata: { version: `v${n % 2}`, 'preserved.register.source': 'SPRING_CLOUD', zone: `z${n % 3}` },
      };
    }),
  };
}

/** 100 interfaces an application, its providers' parameters shared as the source shares them. */
function dubboInterface(i: number): RegistryService {
  const application = `app-${Math.floor(i / 100)}`;
  const name = `com.example.app${Math.floor(i / 100)}.Service${i}`;
  const metadata = {
    application,
    interface: name,
    methods: 'get,set,list',
    side: 'provider',
    release: '3.3.5',
  };
  return {
    key: `interface//${name}:`,
    kind: 'dubbo-interface',
    namespace: '',
    group: '',
    name,
    dubbo: { interface: name, group: '', version: '', application },
    metadata: {},
    instances: Array.from({ length: PROVIDERS }, (_unused, n) => {
      const address = `10.${Math.floor(i / 25_600)}.${Math.floor(i / 100) & 255}.${n + 1}`;
      const id = `dubbo://${address}:20880`;
      return {
        id,
        address,
        port: 20_880,
        weight: 100,
        healthy: true,
        enabled: true,
        protocol: 'dubbo',
        metadata,
      };
    }),
  };
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}
