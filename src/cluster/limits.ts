import type { CircuitBreakers } from '../model';

/** What one cluster has in use, and how much more it may: Envoy's resource manager of the default priority. */
export class ClusterLimits {
  /** Made or being made. */
  connections = 0;
  /** Requests that wait for a connection, also for one being made for them. */
  pending = 0;
  /** Requests on a connection. */
  requests = 0;
  /** Calls that are tried again and have no answer yet. */
  retries = 0;

  constructor(private breakers: CircuitBreakers) {}

  /** Other limits from now on; what is in use stays counted. */
  configure(breakers: CircuitBreakers): void {
    this.breakers = breakers;
  }

  get mayConnect(): boolean {
    return this.connections < this.breakers.maxConnections;
  }

  get mayWait(): boolean {
    return this.pending < this.breakers.maxPendingRequests;
  }

  get mayRequest(): boolean {
    return this.requests < this.breakers.maxRequests;
  }

  /** A retry budget, a percentage of what is active now, takes the place of the fixed number. */
  get mayRetry(): boolean {
    const { maxRetries, retryBudget } = this.breakers;
    if (retryBudget === undefined) return this.retries < maxRetries;
    const active = this.requests + this.pending;
    const budget = Math.floor((retryBudget.percent / 100) * active);
    return this.retries < Math.max(budget, retryBudget.minRetryConcurrency);
  }
}

/** The limits of a push, counting on with `known`; undefined when there are none, so that nothing need be counted. */
export function limitsOf(
  breakers: CircuitBreakers,
  known: ClusterLimits | undefined,
): ClusterLimits | undefined {
  const { maxConnections, maxPendingRequests, maxRequests, maxRetries, retryBudget } = breakers;
  const lowest = Math.min(maxConnections, maxPendingRequests, maxRequests, maxRetries);
  if (lowest === Number.POSITIVE_INFINITY && retryBudget === undefined) return undefined;
  known?.configure(breakers);
  return known ?? new ClusterLimits(breakers);
}
