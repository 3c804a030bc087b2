import { performance } from 'node:perf_hooks';
import type { Clock } from '../balancing';
import { setImmediate } from '../observe/native';

/** Node's clock; what the work throws goes to `onError` and not into the application. */
export function nodeClock(onError: (error: unknown) => void): Clock {
  return {
    now: () => performance.now(),
    soon: (work) =>
      setImmediate(() => {
        try {
          work();
        } catch (error) {
          onError(error);
        }
      }),
  };
}
