import type { ClusterLimits } from '../cluster';

/** What one call has in use of its cluster's limits; each is given back once. */
export class LimitUse {
  private requesting = false;
  private retrying = false;

  constructor(readonly limits: ClusterLimits) {}

  /** The present attempt has its connection. False: there are as many requests as the cluster may have. */
  request(): boolean {
    if (this.requesting) return true;
    if (!this.limits.mayRequest) return false;
    this.limits.requests++;
    this.requesting = true;
    return true;
  }

  requestOver(): void {
    if (!this.requesting) return;
    this.limits.requests--;
    this.requesting = false;
  }

  /** False: there are as many retries as the cluster may have. */
  retry(): boolean {
    if (!this.limits.mayRetry) return false;
    this.limits.retries++;
    this.retrying = true;
    return true;
  }

  /** A retry counts until its answer. */
  retryOver(): void {
    if (!this.retrying) return;
    this.limits.retries--;
    this.retrying = false;
  }
}
