/**
 * The lab from a shell:
 *   tsx lab/main.ts install [istiod envoy node nacos …]   installs what is missing, prints one JSON line for each
 *   tsx lab/main.ts istiod FOLDER                         runs an istiod on a folder of YAML until interrupted
 */
import { resolve } from 'node:path';
import { coldInstalls } from './cache';
import { consulBinary } from './consul';
import { envoyBinary } from './envoy';
import { type Installed, isSkipped } from './installed';
import { startIstiod } from './istiod';
import { istiodBinary } from './istiod-binary';
import { mavenProject } from './maven-project';
import { NODE_VERSIONS, nodeVersion } from './node-version';

const INSTALLERS: Readonly<Record<string, () => Promise<readonly Installed[]>>> = {
  istiod: async () => [await istiodBinary()],
  envoy: async () => [await envoyBinary()],
  node: () => Promise.all(Object.values(NODE_VERSIONS).map((version) => nodeVersion(version))),
  nacos: async () => [await mavenProject('nacos-3x')],
  'nacos-2x': async () => [await mavenProject('nacos-2x'), await mavenProject('nacos-2x', 'istio')],
  consul: async () => [await consulBinary()],
  dubbo: async () => [await mavenProject('dubbo-peer')],
  eureka: async () => [await mavenProject('eureka-server')],
  zookeeper: async () => [await mavenProject('zookeeper')],
};

async function install(names: readonly string[]): Promise<void> {
  for (const name of names) {
    const installer = INSTALLERS[name];
    if (!installer) throw new Error(`the lab knows ${Object.keys(INSTALLERS).join(', ')}, not "${name}"`);
    const coldBefore = coldInstalls.length;
    for (const result of await installer()) {
      console.log(JSON.stringify(isSkipped(result) ? { name, ...result } : { name, path: result }));
    }
    for (const { name: cold, ms } of coldInstalls.slice(coldBefore))
      console.log(JSON.stringify({ cold, ms }));
  }
}

async function runIstiod(folder: string): Promise<void> {
  const istiod = await startIstiod({ configDir: resolve(folder) });
  if (isSkipped(istiod)) throw new Error(istiod.skipped);
  console.log(
    `INMESH_XDS=grpc://${istiod.xdsAddress}   (TLS: grpcs://${istiod.secureAddress}, root ${istiod.caFile})`,
  );
  const end = () => void istiod.stop().then(() => process.exit(0));
  process.once('SIGINT', end).once('SIGTERM', end);
}

async function main([command, ...args]: readonly string[]): Promise<void> {
  if (command === 'install') return install(args.length > 0 ? args : Object.keys(INSTALLERS));
  if (command === 'istiod' && args[0]) return runIstiod(args[0]);
  throw new Error(`usage: main.ts install [${Object.keys(INSTALLERS).join(' ')}] | main.ts istiod FOLDER`);
}

main(process.argv.slice(2)).catch((error: Error) => {
  console.error(`lab: ${error.message}`);
  process.exitCode = 1;
});
