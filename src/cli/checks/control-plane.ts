import { connect } from 'node:tls';
import type { Settings } from '../../config';
import { InspectionError, LiveInspection, type MeshSummary } from '../../link/inspect';
import { parseAddress } from '../../link/worker/credentials';
import type { UnsupportedField } from '../../model';
import { type Finding, findingsOf } from './finding';

const { ok, warning, error } = findingsOf('control-plane');
const PEEK_MS = 3_000;
const MOST_PORTS = 30;

export interface ControlPlaneAnswer {
  readonly findings: readonly Finding[];
  readonly mesh?: MeshSummary;
  readonly refused: readonly UnsupportedField[];
}

/** Asks the control plane as the agent does, for everything. */
export async function checkControlPlane(settings: Settings, timeoutMs: number): Promise<ControlPlaneAnswer> {
  const inspection = new LiveInspection(settings, timeoutMs);
  try {
    const mesh = await inspection.summary();
    const refused = inspection.refused();
    return { findings: [reached(settings, inspection), ...answered(mesh, refused)], mesh, refused };
  } catch (failed) {
    if (!(failed instanceof InspectionError)) throw failed;
    // The sentence says itself what to do, behind its last semicolon.
    const cut = failed.message.lastIndexOf('; ');
    const text = cut < 0 ? failed.message : failed.message.slice(0, cut);
    const todo = cut < 0 ? 'see docs/troubleshooting.md' : failed.message.slice(cut + 2);
    const shown = /certificate/.test(text) && settings.xds.startsWith('grpcs:') ? await peek(settings) : [];
    return { findings: [error(text, todo), ...shown], refused: [] };
  } finally {
    inspection.close();
  }
}

function reached({ xds, xdsServerName }: Settings, { source }: LiveInspection): Finding {
  const after = source.kind === 'control-plane' ? `, answered after ${source.answeredMs} ms` : '';
  if (!xds.startsWith('grpcs:')) return ok(`${xds}${after} (plaintext: neither verified nor encrypted)`);
  return ok(`${xds}${after}; TLS verified for ${xdsServerName || parseAddress(xds).host}`);
}

function answered({ clusters, ports }: MeshSummary, refused: readonly UnsupportedField[]): Finding[] {
  const findings = refused.map(({ resourceType, resource, effect }) =>
    error(`${resourceType} ${resource}: ${effect}`, 'correct the Istio object it is made from'),
  );
  if (ports.length === 0) {
    return [
      ...findings,
      warning(
        `it has no service for this process (${clusters} clusters, none outbound)`,
        'check POD_NAMESPACE, exportTo of the services, and Sidecar resources of the namespace',
      ),
    ];
  }
  const listed = ports
    .slice(0, MOST_PORTS)
    .map(
      ({ port, virtualHosts }) =>
        `${port} (${virtualHosts === null ? 'no HTTP' : `${virtualHosts} virtual hosts`})`,
    );
  const more = ports.length > MOST_PORTS ? ` and ${ports.length - MOST_PORTS} more` : '';
  return [...findings, ok(`${clusters} clusters on ports ${listed.join(', ')}${more}`)];
}

/** Which certificate was not accepted. Only looked at: nothing is sent over this connection. */
function peek({ xds, xdsServerName }: Settings): Promise<Finding[]> {
  const { host, port } = parseAddress(xds);
  return new Promise((resolve) => {
    const socket = connect({
      host: host.replace(/^\[|\]$/g, ''),
      port,
      ALPNProtocols: ['h2'],
      rejectUnauthorized: false,
      ...(xdsServerName === '' ? {} : { servername: xdsServerName }),
    });
    const end = (findings: Finding[]) => {
      socket.destroy();
      resolve(findings);
    };
    socket.setTimeout(PEEK_MS, () => end([]));
    // Not even TLS: the error before says so.
    socket.on('error', () => end([]));
    socket.on('secureConnect', () => {
      const { subject, issuer, subjectaltname, valid_to: validTo } = socket.getPeerCertificate();
      const names = subjectaltname ?? subject?.CN ?? 'no name';
      const by = issuer?.CN ?? issuer?.O ?? 'an unnamed issuer';
      const todo =
        'compare with INMESH_XDS_SERVER_NAME (or the host of INMESH_XDS) and with the root of INMESH_XDS_CA';
      end([error(`it shows a certificate for ${names}, issued by ${by}, valid to ${validTo}`, todo)]);
    });
  });
}
