/** What prevents the start, as one sentence that begins with the key that is to be changed. */

const ADVICE: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there; end it, or choose another port',
  EACCES: 'this user may not listen there; choose a port above 1023',
  EADDRNOTAVAIL: 'this machine has no such address; use 0.0.0.0 for all that it has',
  ENOTFOUND: 'there is no such host',
  ENOENT: 'there is no such file',
};

/** Runs it; what it throws is then about `key`. */
export async function concerning<T>(key: string, action: () => T | Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw problemOf(key, error);
  }
}

/** The same for what must be done at once. */
export function concerningNow<T>(key: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw problemOf(key, error);
  }
}

function problemOf(key: string, error: unknown): Error {
  const { message } = error as Error;
  const code = /: (E[A-Z]+)$/.exec(message)?.[1];
  const advice = code && ADVICE[code];
  return new Error(`${key}: ${message}${advice ? `: ${advice}` : ''}`, { cause: error });
}
