export { ClusterState, type Cursor, endpointKey } from './cluster-state';
export { EdfSchedule } from './edf-schedule';
export { EndpointState } from './endpoint-state';
