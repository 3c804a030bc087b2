export { parseValue } from './definition';
export { loadSettings } from './load';
export { nearest } from './nearest';
export type { Identity, RegistrySettings, Settings } from './settings';
export {
  type SettingSource,
  type Surroundings,
  settingSources,
  surroundings,
  unknownVariables,
} from './sources';
export { parseToggles, SettingsFile, type Toggles } from './toggles';
