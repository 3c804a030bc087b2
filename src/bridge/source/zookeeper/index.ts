/** The ZooKeeper source: Dubbo's interface and application level, and Spring Cloud. */
export { type ZooKeeperConfig, zookeeperMistakes, zookeeperSchema } from './config';
export { createZooKeeperSource, type ZooKeeperSeams } from './source';
