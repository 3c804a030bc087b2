import type { Exchange } from './exchange';

/**
 * Calls in flight. Not a Set: one that changes with every call leaves old tables behind, each with a pointer to the
 * next and to the calls it held, and once the first is old none of them dies young (measured on Node 24: scavenges
 * of 8 ms instead of 0.4 ms).
 */
export class CallList {
  private readonly calls: Exchange[] = [];

  add(exchange: Exchange): void {
    exchange.place = this.calls.length;
    this.calls.push(exchange);
  }

  /** Nothing happens when it is not there. */
  delete(exchange: Exchange): void {
    const { calls } = this;
    const { place } = exchange;
    if (calls[place] !== exchange) return;
    const last = calls.pop()!;
    if (last === exchange) return;
    calls[place] = last;
    last.place = place;
  }

  /** As it is now: what ends while one goes through is not missed. */
  all(): Exchange[] {
    return this.calls.slice();
  }
}
