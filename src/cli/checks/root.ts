import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type CheckContext, type Finding, findingsOf, whyUnreadable } from './finding';

const { ok, skipped, warning, error } = findingsOf('root');
const SOON_MS = 7 * 24 * 3_600_000;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** The root by which the control plane is verified. */
export function checkRoot({ settings, now }: CheckContext): Finding[] {
  const file = settings.xdsCa;
  if (!settings.xds.startsWith('grpcs:'))
    return [skipped(`not used: INMESH_XDS=${settings.xds} is plaintext`)];
  if (file === '') return [ok("INMESH_XDS_CA is empty: Node's own roots are used")];
  const todo = 'mount the config map istio-ca-root-cert and let INMESH_XDS_CA name its root-cert.pem';
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (failed) {
    return [error(`INMESH_XDS_CA ${file} ${whyUnreadable(failed)}`, todo)];
  }
  const blocks = text.match(CERTIFICATE) ?? [];
  if (blocks.length === 0) return [error(`INMESH_XDS_CA ${file} holds no PEM certificate`, todo)];
  return blocks.map((block) => {
    try {
      return judge(new X509Certificate(block), file, now, todo);
    } catch (failed) {
      return error(`INMESH_XDS_CA ${file} holds what is no certificate (${(failed as Error).message})`, todo);
    }
  });
}

function judge(certificate: X509Certificate, file: string, now: number, todo: string): Finding {
  const { subject, issuer, validTo } = certificate;
  const name = (subject || issuer).replaceAll('\n', ', ');
  const end = Date.parse(validTo);
  if (end < now) return error(`${file}: root "${name}" expired at ${validTo}`, todo);
  if (end < now + SOON_MS)
    return warning(`${file}: root "${name}" expires at ${validTo}`, "renew the mesh's root");
  return ok(`${file}: root "${name}", valid to ${validTo}`);
}
