/** What a schema cannot say. */

import { ConvertConfigError, compileRules } from '../convert';
import { exportMistakes } from '../export/config';
import { SOURCE_TYPES } from '../source';
import type { Mistake } from './problem';
import type { BridgeConfig } from './schema';

export interface Listen {
  readonly host: string;
  readonly port: number;
}

/** `127.0.0.1:15080`, `[::1]:15080` */
export function parseListen(text: string): Listen {
  const split = text.lastIndexOf(':');
  return { host: text.slice(0, split).replace(/^\[|\]$/g, ''), port: Number(text.slice(split + 1)) };
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

export function ruleMistakes(config: BridgeConfig): Mistake[] {
  return [
    ...listenMistakes(config),
    ...sourceMistakes(config),
    ...convertMistakes(config),
    ...exportMistakesOf(config),
    ...sidecarMistakes(config),
  ];
}

function listenMistakes({ mcp, admin }: BridgeConfig): Mistake[] {
  const mistakes: Mistake[] = [];
  for (const [key, { listen }] of Object.entries({ mcp, admin })) {
    const { port } = parseListen(listen);
    if (port > 65_535)
      mistakes.push({ path: [key, 'listen'], message: `${port} is no port; use 0 to 65535` });
  }
  const open = (listen: string) => !isLoopback(parseListen(listen).host);
  if (open(mcp.listen) && !mcp.tls && !mcp.insecure) {
    const message = `${mcp.listen} is no loopback address and there is no TLS; set mcp.tls, or mcp.insecure: true to serve in plaintext`;
    mistakes.push({ path: ['mcp', 'listen'], message });
  }
  if (admin.enabled && open(admin.listen) && !admin.insecure) {
    const message = `${admin.listen} is no loopback address; set admin.insecure: true to let others reach it`;
    mistakes.push({ path: ['admin', 'listen'], message });
  }
  const same = mcp.listen === admin.listen && parseListen(mcp.listen).port !== 0;
  if (admin.enabled && same)
    mistakes.push({ path: ['admin', 'listen'], message: 'is the address of mcp.listen, too' });
  return mistakes;
}

function sourceMistakes({ sources }: BridgeConfig): Mistake[] {
  const mistakes: Mistake[] = [];
  const names = new Set<string>();
  sources.forEach(({ name, type, own }, i) => {
    if (names.has(name)) {
      mistakes.push({ path: ['sources', i, 'name'], message: `another source is named "${name}", too` });
    }
    names.add(name);
    const found = SOURCE_TYPES.find((each) => each.type === type);
    const { metadataFrom } = own;
    if (
      metadataFrom !== undefined &&
      !sources.some((each) => each.type === 'nacos' && each.name === metadataFrom)
    ) {
      const message = `no source of type nacos is named "${metadataFrom}"`;
      mistakes.push({ path: ['sources', i, 'metadataFrom'], message });
    }
    for (const message of found?.mistakes(own as never) ?? [])
      mistakes.push({ path: ['sources', i], message });
  });
  return mistakes;
}

/** What conversion would refuse. Its paths begin at `convert`, or at the name of a source. */
function convertMistakes({ convert, sources }: BridgeConfig): Mistake[] {
  try {
    compileRules(convert, sources);
    return [];
  } catch (error) {
    if (!(error instanceof ConvertConfigError)) throw error;
    const [first, ...rest] = error.path;
    const index = sources.findIndex(({ name }) => name === first);
    const path = index >= 0 ? ['sources', index, 'convert', ...rest] : ['convert', ...error.path];
    return [{ path, message: error.message }];
  }
}

/** Sidecars are made of what consumers register. */
function sidecarMistakes({ sidecars, sources }: BridgeConfig): Mistake[] {
  if (sidecars.workloads.length === 0) return [];
  const reads = ({ own }: BridgeConfig['sources'][number]) =>
    (own['dubbo'] as { readonly consumers?: boolean } | undefined)?.consumers === true;
  if (sources.some(reads)) return [];
  const message = 'no source reads consumers; set dubbo.consumers: true of a nacos or zookeeper source';
  return [{ path: ['sidecars', 'workloads'], message }];
}

function exportMistakesOf({ export: exported }: BridgeConfig): Mistake[] {
  return exportMistakes(exported).map((message) => ({ path: ['export'], message }));
}
