/** Enough to see who calls the caller's caller. */
const FRAMES = 10;

/**
 * The call stack as Node writes it, whatever form the application has given to its stack traces
 * (`Error.prepareStackTrace`, `Error.stackTraceLimit`); empty where it cannot be had. Never throws.
 */
export function callStack(): string {
  const { prepareStackTrace, stackTraceLimit } = Error;
  try {
    if (prepareStackTrace !== undefined) Reflect.set(Error, 'prepareStackTrace', undefined);
    if (stackTraceLimit !== FRAMES) Error.stackTraceLimit = FRAMES;
    const { stack } = new Error();
    if (prepareStackTrace !== undefined) Error.prepareStackTrace = prepareStackTrace;
    if (stackTraceLimit !== FRAMES) Error.stackTraceLimit = stackTraceLimit;
    return typeof stack === 'string' ? stack : '';
  } catch {
    // Error is frozen: nothing was changed, and its stack is not to be trusted.
    return '';
  }
}
