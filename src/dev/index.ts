/** The embedded control plane, for tests, the demo and `inmesh dev`. */

export { type DevControlPlane, type DevOptions, type Reload, startDevControlPlane } from './control-plane';
export { mcpAddressOf } from './mcp';
export { formatProblem, type Position, type Problem } from './problem';
