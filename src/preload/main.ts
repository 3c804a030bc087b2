import { start } from './start';

/** What is loaded later must see these as they were before the application ran (scripts/build.js). */
export * as internals from '../../hooks/http/internals';
export * as native from '../observe/native';

// The root's preload.js catches what this throws.
start(__dirname);
