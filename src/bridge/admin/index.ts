/** The admin server. */

export { adminSchema } from './config';
export type { BridgeState } from './pages';
export { type AdminOptions, AdminServer } from './server';
