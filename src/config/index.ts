export { parseValue } from './definition';
export { loadSettings } from './load';
export type { Identity, Settings } from './settings';
export { SettingsFile, type Toggles } from './toggles';
