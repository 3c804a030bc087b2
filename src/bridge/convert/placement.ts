/** Where an instance is and how it is reached there: locality, network, TLS mode. */

import type { RegistryInstance } from '../model';
import { claimed, text } from './metadata';
import type { SourceRules } from './rules';

/** Region of zones without one. */
const UNNAMED_REGION = 'default';

/** `region/zone/subzone` without empty ends, or ''. The instance's own, else the source's. */
export function localityOf(instance: RegistryInstance, { config, localities }: SourceRules): string {
  const { metadata, address } = instance;
  const { localityKeys: keys } = config;
  const whole = text(metadata, 'aeraki_meta_locality').split('/').map(part);
  const otherwise = localities.get(address) ?? config.locality;
  const [ownRegion = '', ownZone = '', ownSubzone = ''] = otherwise.split('/');
  const region = part(instance.region || firstOf(metadata, keys.region) || (whole[0] ?? ''));
  const cluster = config.clusterAsZone ? (instance.cluster ?? '') : '';
  const zone = part(instance.zone || firstOf(metadata, keys.zone) || (whole[1] ?? '') || cluster);
  if (region === '' && zone === '') return joined(ownRegion, ownZone, ownSubzone);
  const subzone = part(firstOf(metadata, keys.subzone) || (whole[2] ?? ''));
  return joined(region || ownRegion || UNNAMED_REGION, zone, zone && subzone);
}

function firstOf(metadata: RegistryInstance['metadata'], keys: readonly string[]): string {
  for (const key of keys) {
    const value = text(metadata, key);
    if (value !== '') return value;
  }
  return '';
}

function joined(...parts: readonly string[]): string {
  return parts.join('/').replace(/\/+$/, '');
}

function part(text: string): string {
  return text.replace(/[^A-Za-z0-9_.-]/g, '-').slice(0, 63);
}

export function networkOf(instance: RegistryInstance, source: SourceRules): string {
  const own = claimed('network', instance.metadata, source)?.value;
  return own ?? source.networks.get(instance.address) ?? source.config.network;
}

/** Registered by a bridge for the mesh, a pod with a sidecar, a pod, or none of these. */
export function originOf(
  { address, metadata }: RegistryInstance,
  { meshCidrs }: SourceRules,
): 'exported' | 'sidecars' | 'pods' | 'outside' {
  if (text(metadata, 'inmesh.origin') !== '') return 'exported';
  const marked = text(metadata, 'inmesh.sidecar');
  if (marked === 'true') return 'sidecars';
  return marked !== 'false' && meshCidrs.has(address) ? 'pods' : 'outside';
}

/** Value of `security.istio.io/tlsMode`, or undefined: the instance is not served here at all. */
export function tlsModeOf(instance: RegistryInstance, source: SourceRules): 'istio' | 'disabled' | undefined {
  const { inMesh } = source.config;
  const origin = originOf(instance, source);
  const isInMesh = origin === 'sidecars' || origin === 'pods';
  if (isInMesh && inMesh === 'exclude') return undefined;
  const own = claimed('tlsMode', instance.metadata, source)?.value;
  if (own === 'istio' || own === 'disabled') return own;
  if (!isInMesh) return 'disabled';
  return (inMesh ?? (origin === 'sidecars' ? 'mtls' : 'plaintext')) === 'mtls' ? 'istio' : 'disabled';
}
