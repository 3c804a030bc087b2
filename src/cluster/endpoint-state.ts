import type { Endpoint } from '../model';

/** What is remembered of one endpoint of one cluster, across pushes, until the endpoint is gone. */
export class EndpointState {
  /** Attempts on their way to this endpoint. */
  activeRequests = 0;
  /** Consecutive failures, as outlier detection counts them. */
  readonly failures = { http: 0, gateway: 0, local: 0 };
  /** `since`: monotonic milliseconds; `count`: how often in a row, which makes ejections longer. */
  readonly ejection = { active: false, since: 0, count: 0 };
  /** Results since the last interval: answers, and connections, which count apart where errors are split. */
  readonly results = { answers: { all: 0, good: 0 }, connections: { all: 0, good: 0 } };
  /** When it was first seen healthy by a policy with slow start; monotonic milliseconds. */
  slowStartSince: number | undefined = undefined;

  constructor(
    /** `address:port`. */
    readonly key: string,
    /** As last pushed. */
    public endpoint: Endpoint,
  ) {}
}
