/** What instances say of themselves by metadata, and whether they are believed. Anyone who can register can write it. */

import type { RegistryInstance } from '../model';
import type { Findings } from './findings';
import type { SourceRules } from './rules';

/** Keys by what they claim: our own first, then those of nacos-istio, Aeraki and Istio. */
const CLAIMS = {
  host: ['inmesh.host', 'istio.hostname'],
  namespace: ['inmesh.namespace', 'aeraki_meta_app_namespace'],
  serviceAccount: ['inmesh.serviceAccount', 'aeraki_meta_app_service_account'],
  tlsMode: ['inmesh.tlsMode', 'security.istio.io/tlsMode'],
  network: ['inmesh.network', 'topology.istio.io/network'],
} as const;
export type Claim = keyof typeof CLAIMS;

const CLAIM_KEYS: ReadonlyMap<string, Claim> = new Map(
  Object.entries(CLAIMS).flatMap(([claim, keys]) => keys.map((key) => [key, claim as Claim] as const)),
);

/** Which claim a key makes, or undefined. */
export function claimOf(key: string): Claim | undefined {
  return CLAIM_KEYS.get(key);
}

/** The value of a claim of a source that is believed in it; '' otherwise. */
export function claimed(
  claim: Claim,
  metadata: Readonly<Record<string, string>>,
  { trusts }: SourceRules,
): { readonly key: string; readonly value: string } | undefined {
  if (!trusts.has(claim)) return undefined;
  for (const key of CLAIMS[claim]) {
    const value = text(metadata, key);
    if (value !== '') return { key, value };
  }
  return undefined;
}

/** Lists claims of sources that are not believed in them. */
export function refuseClaims(instance: RegistryInstance, { trusts }: SourceRules, findings: Findings): void {
  for (const key in instance.metadata) {
    const claim = CLAIM_KEYS.get(key);
    if (claim === undefined || trusts.has(claim)) continue;
    findings.ofInstance(
      'untrusted-metadata',
      instance.id,
      `its metadata \`${key}\` claims a ${claim}; add \`${claim}\` to trustMetadata if everyone who can register may say so`,
    );
  }
}

/** A metadata value, '' when absent or no text. */
export function text(metadata: Readonly<Record<string, string>>, key: string): string {
  const value: unknown = Object.hasOwn(metadata, key) ? metadata[key] : undefined;
  return typeof value === 'string' ? value : '';
}
