/**
 * Node's timers as they were when the agent came: an application's tests may fake time. A file of its own in dist,
 * loaded with the preload, for what is loaded with the first call.
 */
export const { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, clearImmediate } =
  globalThis;
