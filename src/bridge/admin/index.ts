/** The admin server. */

export { type AdminConfig, adminSchema } from './config';
export type { BridgeState } from './pages';
export { type AdminOptions, AdminServer } from './server';
