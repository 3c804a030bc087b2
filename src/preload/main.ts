import { start } from './start';

// The root's preload.js catches what this throws.
start(__dirname);
