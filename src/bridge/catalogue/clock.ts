/** Time as the catalogue sees it; tests have their own. */
export interface Clock {
  /** Milliseconds, monotonic: the clock of `ServedContent.onChange`. */
  now(): number;
  /** Calls back once after so many milliseconds; gives a way to take it back. */
  after(ms: number, callback: () => void): () => void;
}

/** The process's own. Its timers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
