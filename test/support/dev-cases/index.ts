import { CLUSTER_CASES } from './clusters';
import { HOST_CASES } from './hosts';
import { ROUTE_CASES } from './routes';
import { SERVICE_CASES } from './services';

export type { DevCase } from './base';
export { REFUSED, STRICTER } from './refused';
export const DEV_CASES = [...SERVICE_CASES, ...CLUSTER_CASES, ...ROUTE_CASES, ...HOST_CASES];
