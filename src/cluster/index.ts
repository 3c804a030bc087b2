export { ClusterState, type Cursor } from './cluster-state';
export { EdfSchedule } from './edf-schedule';
export { EndpointState } from './endpoint-state';
export { ClusterLimits, limitsOf } from './limits';
export { NO_SEED, type U64, xxHash64, xxHash64Into } from './xx-hash';
