/** Why a host is none of the mesh's, and what that means, in a sentence a person can act on. */

import type { InspectionSource, Lookup } from '../../link/inspect';

type Unmanaged = Exclude<Lookup, { kind: 'virtual-host' } | { kind: 'tls' }>;

export function whyNotManaged(
  found: Unmanaged,
  host: string,
  port: number,
  source: InspectionSource,
): string {
  const saved = source.kind === 'snapshot';
  const who = saved ? 'the snapshot' : 'the control plane';
  switch (found.kind) {
    case 'unknown':
      return saved
        ? `the snapshot holds no ${found.what}${found.what === 'routes' ? ` of port ${port}` : ''}: the process that wrote it used no host there`
        : `the control plane has not sent the ${found.what}${found.what === 'routes' ? ` of port ${port}` : ''}`;
    case 'no-port':
      return `no mesh service has port ${port}: ${who} has clusters on ${portList(found.ports)}`;
    case 'no-routes':
      return `no mesh service speaks HTTP on port ${port}: the control plane has clusters there, but no routes. Name the service's port "http" or "http-…", or set its appProtocol, if it does`;
    case 'no-virtual-host':
      return `the host is in no virtual host of port ${port} (there are ${found.virtualHosts}): no Service and no ServiceEntry that this process may see has the name ${host}. Check its namespace, exportTo, and Sidecar resources`;
    case 'not-saved':
      return `the snapshot has the host's name, but not its routes: the process that wrote it had not called it`;
    case 'passthrough':
      return found.domain === '*'
        ? `the host is in no virtual host of port ${port}; virtual host ${found.entry.name} (domain *) lets it pass through (outboundTrafficPolicy ALLOW_ANY)`
        : `virtual host ${found.entry.name} sends everything where the application dials (resolution NONE)`;
    case 'tls-passthrough':
      return `cluster ${found.cluster} sends everything where the application dials (resolution NONE)`;
    case 'no-tls-cluster':
      return `no mesh service has the host and port ${port}: there is no cluster ${found.tried[0]}${found.tried.length > 1 ? `, nor ${found.tried.slice(1).join(', ')}` : ''}. REGISTRY_ONLY does not apply to https calls`;
  }
}

/** A process that was told to stay away; undefined = it takes part. */
export function whyAgentOff(settings: {
  readonly enabled: boolean;
  readonly hooks: readonly string[];
  readonly hooksOff: readonly string[];
}): string | undefined {
  const { enabled, hooks, hooksOff } = settings;
  if (!enabled) return 'the agent is switched off (INMESH=off or its alias)';
  if (hooksOff.includes('http')) return 'the http hook is switched off (INMESH_HOOKS_OFF)';
  if (hooks.length > 0 && !hooks.includes('http')) return 'the http hook is not among INMESH_HOOKS';
  return undefined;
}

const MOST_PORTS = 20;

function portList(ports: readonly number[]): string {
  if (ports.length === 0) return 'no port at all';
  const shown = ports.slice(0, MOST_PORTS).join(', ');
  const more = ports.length > MOST_PORTS ? ` and ${ports.length - MOST_PORTS} more` : '';
  return `port${ports.length === 1 ? '' : 's'} ${shown}${more}`;
}
