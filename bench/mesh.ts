/** A mesh without a control plane, for the benches of policy. */
export { NO_HEADER_CHANGES as NO_CHANGES } from '../src/model';
export * from '../test/support/static-feed';
