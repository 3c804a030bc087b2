/** What a backend does with a request: a small language in the header `x-do`, counted by the header `x-key`. */

/** One answer of a backend. An empty step is the echo. */
export interface Step {
  /** 200 when absent. */
  readonly status?: number;
  /** Milliseconds before anything else. */
  readonly delay?: number;
  /** `reset` and `close` before the answer; `break`: in the middle of the body; `hang`: never an answer. */
  readonly act?: 'reset' | 'close' | 'break' | 'hang';
  /** The answer does not wait for the end of the request. */
  readonly early?: boolean;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** Text, or so many bytes. */
  readonly body?: string | number;
}

/** By hits of one call: the first step for the first hit and so on; the last one stays. */
export type Steps = readonly Step[] | Readonly<Record<string, readonly Step[]>>;

const ECHO: Step = {};

/** The step for a hit of a backend. Lists count all hits, tables those of the backend. */
export function stepFor(steps: Steps | undefined, backend: string, hit: number, ownHit: number): Step {
  if (steps === undefined) return ECHO;
  const list = Array.isArray(steps) ? (steps as readonly Step[]) : byBackend(steps, backend);
  const at = Array.isArray(steps) ? hit : ownHit;
  return list[Math.min(at, list.length - 1)] ?? ECHO;
}

function byBackend(steps: Steps, backend: string): readonly Step[] {
  return (steps as Readonly<Record<string, readonly Step[]>>)[backend] ?? [];
}
