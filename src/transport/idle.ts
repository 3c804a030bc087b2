/** How long an unused connection may be kept. */

/** Without any word from either side: Node's servers close after 5 s, one second is left for the way. */
const DEFAULT_IDLE_MS = 4_000;
const MARGIN_MS = 1_000;

let lastHint = '';
let lastHintMs: number | undefined;

/**
 * Milliseconds an idle connection may wait for its next request: the smaller of the DestinationRule's idle timeout
 * and the server's `Keep-Alive: timeout=<s>` less one second; 4 s when neither is said; 0 = do not keep.
 */
export function idleLimit(configuredMs: number | undefined, keepAliveHint: string | undefined): number {
  const hintMs = keepAliveHint === undefined ? undefined : parseHint(keepAliveHint);
  if (hintMs === undefined) return configuredMs ?? DEFAULT_IDLE_MS;
  return configuredMs === undefined || hintMs < configuredMs ? hintMs : configuredMs;
}

/** The same server says the same thing every time, so the last answer is remembered. */
function parseHint(hint: string): number | undefined {
  if (hint === lastHint) return lastHintMs;
  const seconds = /(?:^|[\s,;])timeout\s*=\s*"?(\d{1,9})/i.exec(hint)?.[1];
  lastHint = hint;
  lastHintMs = seconds === undefined ? undefined : Math.max(0, Number(seconds) * 1_000 - MARGIN_MS);
  return lastHintMs;
}
