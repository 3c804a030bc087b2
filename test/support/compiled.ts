/** Everything a control plane sent, as the model: what the application will do with it. */

import {
  type Decoded,
  decodeCluster,
  decodeLoadAssignment,
  decodeVirtualHost,
  openRouteConfiguration,
} from '../../src/xds';
import type { Bytes, Everything } from './xds-client';

type Plain = { [name: string]: unknown };

export interface Compiled {
  readonly clusters: Plain;
  readonly assignments: Plain;
  readonly routes: Plain;
}

/** Plain data without `undefined`, comparable by deepEqual. */
export function compile({ clusters, assignments, routes }: Everything): Compiled {
  return {
    clusters: each(clusters, decodeCluster),
    assignments: each(assignments, decodeLoadAssignment),
    routes: each(routes, (bytes) => {
      const opened = openRouteConfiguration(bytes);
      if (!opened.ok) return opened;
      const { virtualHosts, ...rest } = opened.value;
      const hosts = virtualHosts.map(({ bytes, ...head }) => ({
        ...head,
        ...decodeVirtualHost(bytes, rest.name),
      }));
      return { ...opened, value: { ...rest, virtualHosts: hosts } };
    }),
  };
}

function each<T>(resources: Bytes, decode: (bytes: Uint8Array) => Decoded<T>): Plain {
  const found: Plain = {};
  for (const name of [...resources.keys()].sort()) {
    found[name] = JSON.parse(JSON.stringify(decode(resources.get(name)!), readable));
  }
  return found;
}

/** JSON has no Infinity, which means "no limit" in the model. */
function readable(_key: string, value: unknown): unknown {
  return value === Number.POSITIVE_INFINITY ? 'Infinity' : value;
}
