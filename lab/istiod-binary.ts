import { goProgram } from './go-program';
import type { Installed } from './installed';

/** Builds istiod from the Go module proxy: about 5 minutes on two cores when Go's caches are cold, seconds when warm. */
export function istiodBinary(): Promise<Installed> {
  return goProgram('istiod');
}
