import { readFileSync } from 'node:fs';
import { duration } from '../text';
import { type CheckContext, type Finding, findingsOf, whyUnreadable } from './finding';

const { ok, skipped, warning, error } = findingsOf('token');
const AUDIENCE = 'istio-ca';
const MOUNT = `project a service account token (audience ${AUDIENCE}, path istio-token) and let INMESH_TOKEN name it`;

/** What istiod looks at of a service account token. */
interface Claims {
  readonly exp?: unknown;
  readonly nbf?: unknown;
  readonly aud?: unknown;
  readonly sub?: unknown;
}

/** The token is there, of this workload, for this control plane, and not expired. Its signature is istiod's to check. */
export function checkToken({ settings, now }: CheckContext): Finding[] {
  const { token: file, xds } = settings;
  if (!xds.startsWith('grpcs:')) return [skipped(`not used: a token never travels over ${xds}`)];
  if (file === '') return [warning('INMESH_TOKEN is empty: istiod is asked without a token', MOUNT)];
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (failed) {
    return [error(`INMESH_TOKEN ${file} ${whyUnreadable(failed)}`, MOUNT)];
  }
  if (!/^[\x21-\x7e]+$/.test(text)) return [error(`INMESH_TOKEN ${file} holds no token`, MOUNT)];
  const claims = claimsOf(text);
  if (claims === undefined) {
    return [
      warning(`INMESH_TOKEN ${file} is no JWT: nothing can be said about it`, 'check that istiod accepts it'),
    ];
  }
  const findings = [
    ...time(claims, file, now),
    ...audience(claims, file),
    ...subject(claims, settings.identity, file),
  ];
  if (findings.length > 0) return findings;
  const left =
    typeof claims.exp === 'number' ? `valid for ${duration(claims.exp * 1000 - now)}` : 'without an end';
  return [ok(`${file}: ${String(claims.sub ?? 'no subject')}, ${left}`)];
}

function claimsOf(token: string): Claims | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
    return typeof claims === 'object' && claims !== null ? (claims as Claims) : undefined;
  } catch {
    // The caller says that it is no JWT.
    return undefined;
  }
}

function time({ exp, nbf }: Claims, file: string, now: number): Finding[] {
  if (typeof exp === 'number' && exp * 1000 <= now) {
    const when = new Date(exp * 1000).toISOString();
    return [
      error(
        `${file} expired at ${when}, ${duration(now - exp * 1000)} ago`,
        'a projected token is renewed by the kubelet: mount it without subPath, and do not copy it',
      ),
    ];
  }
  if (typeof nbf === 'number' && nbf * 1000 > now + 60_000) {
    return [
      error(`${file} counts from ${new Date(nbf * 1000).toISOString()} only`, "check this machine's clock"),
    ];
  }
  return [];
}

function audience({ aud }: Claims, file: string): Finding[] {
  const all = Array.isArray(aud) ? aud.map(String) : aud === undefined ? [] : [String(aud)];
  if (all.includes(AUDIENCE)) return [];
  return [
    warning(
      `${file} is for ${all.length === 0 ? 'no audience' : all.join(', ')}, istiod's default is ${AUDIENCE}`,
      `project it with audience: ${AUDIENCE}, unless istiod's TOKEN_AUDIENCES says otherwise`,
    ),
  ];
}

function subject(
  { sub }: Claims,
  { podNamespace, serviceAccount }: CheckContext['settings']['identity'],
  file: string,
): Finding[] {
  const found = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(String(sub ?? ''));
  if (found === null) return [];
  const findings: Finding[] = [];
  if (found[1] !== podNamespace) {
    findings.push(
      error(
        `${file} is of namespace ${found[1]}, the process says ${podNamespace}: istiod refuses it`,
        `set POD_NAMESPACE=${found[1]}, or mount the token of the pod itself`,
      ),
    );
  }
  if (serviceAccount !== '' && found[2] !== serviceAccount) {
    findings.push(
      error(
        `${file} is of service account ${found[2]}, the process says ${serviceAccount}`,
        `set SERVICE_ACCOUNT=${found[2]}, or mount the token of the pod itself`,
      ),
    );
  }
  return findings;
}
