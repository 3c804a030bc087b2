/** Which Istio object a resource was made from: `filter_metadata.istio.config`. */

import type { ConfigOrigin } from '../model';
import type { pb } from './pb';

type Metadata = pb.envoy.config.core.v3.Metadata.$Properties;

/** A string of `filter_metadata`, undefined when absent. */
export function metadataString(
  metadata: Metadata | null | undefined,
  filter: string,
  key: string,
): string | undefined {
  const value = metadata?.filterMetadata?.[filter]?.fields?.[key]?.stringValue;
  return value ?? undefined;
}

/** From `/apis/networking.istio.io/v1alpha3/namespaces/shop/destination-rule/reviews`. */
export function configOrigin(metadata: Metadata | null | undefined): ConfigOrigin | undefined {
  const path = metadataString(metadata, 'istio', 'config');
  if (path === undefined) return undefined;
  const parts = /^\/apis\/[^/]+\/[^/]+\/namespaces\/([^/]+)\/([^/]+)\/(.+)$/.exec(path);
  if (!parts) return undefined;
  const kind = parts[2]!.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return { kind, namespace: parts[1]!, name: parts[3]! };
}
