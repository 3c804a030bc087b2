/** Real peers for tests and benchmarks: how each is installed once and started on free ports of the loopback. */
export * from './cache';
export * from './dubbo';
export * from './envoy';
export * from './eureka';
export * from './http';
export * from './installed';
export * from './istiod';
export * from './istiod-binary';
export * from './lab-server';
export * from './maven-project';
export * from './nacos';
export * from './node-version';
export * from './npm-set';
export * from './ports';
export * from './process';
export * from './run';
export * from './zookeeper';
