/** The types of sources that there are. */

import type { TObject } from '@sinclair/typebox';
import type { Source, SourceContext } from '../model';
import { consulSchema, createConsulSource } from './consul';
import { createEurekaSource, type EurekaConfig, eurekaSchema } from './eureka';
import { serversOf } from './eureka/config';
import { createNacosSource, nacosMistakes, nacosSchema } from './nacos';
import { createZooKeeperSource, type ZooKeeperConfig, zookeeperMistakes, zookeeperSchema } from './zookeeper';

export interface SourceType {
  /** The key `type` of a source in `bridge.yaml`. */
  readonly type: string;
  readonly schema: TObject;
  /** What is wrong beyond the schema, one sentence each. `config` has passed the schema. */
  mistakes(config: never): readonly string[];
  /** Throws an Error with a sentence when the configuration makes no sense. */
  create(config: never, context: SourceContext): Source;
}

const noMistakes = () => [];

function eurekaMistakes(config: EurekaConfig): string[] {
  try {
    serversOf(config);
    return [];
  } catch (error) {
    return [(error as Error).message];
  }
}

export const SOURCE_TYPES: readonly SourceType[] = [
  { type: 'nacos', schema: nacosSchema, mistakes: nacosMistakes, create: createNacosSource },
  {
    type: 'zookeeper',
    schema: zookeeperSchema,
    mistakes: zookeeperMistakes,
    create: (config: ZooKeeperConfig, context: SourceContext) => createZooKeeperSource(config, context),
  },
  { type: 'eureka', schema: eurekaSchema, mistakes: eurekaMistakes, create: createEurekaSource },
  { type: 'consul', schema: consulSchema, mistakes: noMistakes, create: createConsulSource },
];
