/** istiod's own validation: what it would refuse is known before it is sent. */
export { type Checked, checkEntry, type Problem } from './entry';
export * from './rules';
