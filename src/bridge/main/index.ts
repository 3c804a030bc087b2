/** The bridge as a whole. */

export { Bridge, type BridgeOptions, startBridge } from './bridge';
export { type Explanation, explainConfig } from './explain';
export { type FirstState, readOnce } from './first-state';
export { migrationText } from './migration';
export { type ProbeReport, probe } from './probe';
export type { MakeSource } from './sources';
export { servedYaml } from './yaml';
