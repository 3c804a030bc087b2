/** Which Istio object a resource was made from, where istiod writes it. */

import { type Json, toStruct } from '../../xds';
import type { IstioObject } from '../read/object';
import type { pb } from './pb';

type MetadataPb = pb.envoy.config.core.v3.Metadata.$Properties;

export function configMetadata(object: IstioObject, more: { readonly [key: string]: Json } = {}): MetadataPb {
  return { filterMetadata: { istio: toStruct({ ...more, config: configPath(object) }) } };
}

/** `/apis/networking.istio.io/v1/namespaces/shop/virtual-service/reviews`. */
export function configPath({ kind, namespace, name }: IstioObject): string {
  const kebab = kind.replaceAll(/(?<=.)[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
  return `/apis/networking.istio.io/v1/namespaces/${namespace}/${kebab}/${name}`;
}
