import type { Endpoint } from '../model';

/** What is remembered of one endpoint of one cluster, across pushes, until the endpoint is gone. */
export class EndpointState {
  /** Attempts on their way to this endpoint. */
  activeRequests = 0;

  constructor(
    /** `address:port`. */
    readonly key: string,
    /** As last pushed. */
    public endpoint: Endpoint,
  ) {}
}
