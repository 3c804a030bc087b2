/** The types of sources that there are. */

import { type Static, type TObject, Type } from '@sinclair/typebox';
import type { Source, SourceContext } from '../model';
import { consulSchema, createConsulSource } from './consul';
import { createEurekaSource, type EurekaConfig, eurekaSchema } from './eureka';
import { serversOf } from './eureka/config';
import { createNacosSource, type NacosSource, nacosMistakes, nacosSchema } from './nacos';
import { createZooKeeperSource, zookeeperMistakes, zookeeperSchema } from './zookeeper';

export interface SourceType {
  /** The key `type` of a source in `bridge.yaml`. */
  readonly type: string;
  readonly schema: TObject;
  /** What is wrong beyond the schema, one sentence each. `config` has passed the schema. */
  mistakes(config: never): readonly string[];
  /** Throws an Error with a sentence when the configuration makes no sense. */
  create(config: never, context: SourceContext, sibling: Sibling): Source;
}

/** Another source of the same configuration, as it runs now. */
export type Sibling = (name: string) => Source | undefined;

const noMistakes = () => [];

function eurekaMistakes(config: EurekaConfig): string[] {
  try {
    serversOf(config);
    return [];
  } catch (error) {
    return [(error as Error).message];
  }
}

const zookeeperWithMetadata = Type.Object(
  {
    ...zookeeperSchema.properties,
    metadataFrom: Type.Optional(
      Type.String({
        description:
          "Name of a Nacos source here whose configuration is Dubbo's metadata centre, for applications that register in ZooKeeper and report their metadata to Nacos.",
      }),
    ),
  },
  { additionalProperties: false, description: zookeeperSchema.description ?? '' },
);

function createWithMetadata(
  config: Static<typeof zookeeperWithMetadata>,
  context: SourceContext,
  sibling: Sibling,
): Source {
  const { metadataFrom } = config;
  if (metadataFrom === undefined) return createZooKeeperSource(config, context);
  const readConfig = async (dataId: string, group: string) => {
    // Asked each time: a changed configuration may have replaced it.
    const source = sibling(metadataFrom) as Partial<NacosSource> | undefined;
    if (!source?.readConfig) throw new Error(`the source ${metadataFrom} of metadataFrom does not run`);
    return source.readConfig(dataId, group);
  };
  return createZooKeeperSource(config, context, { readConfig });
}

export const SOURCE_TYPES: readonly SourceType[] = [
  { type: 'nacos', schema: nacosSchema, mistakes: nacosMistakes, create: createNacosSource },
  {
    type: 'zookeeper',
    schema: zookeeperWithMetadata,
    mistakes: zookeeperMistakes,
    create: createWithMetadata,
  },
  { type: 'eureka', schema: eurekaSchema, mistakes: eurekaMistakes, create: createEurekaSource },
  { type: 'consul', schema: consulSchema, mistakes: noMistakes, create: createConsulSource },
];
