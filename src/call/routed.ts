/** What routing makes of a request: all that its call goes by. */

import type { EndpointState, U64 } from '../cluster';
import type { CallReport } from '../observe/call-report';
import type { Destination, HeaderEdit, MatchInput } from '../routing';
import type { ForwardPlan } from './plan';
import type { OwnHeaders } from './request-headers';
import type { Upstream } from './upstream';

/** What all calls of a process share. */
export interface CallContext extends OwnHeaders {
  readonly random: () => number;
  readonly report: CallReport;
  /** Template of the inbound route being handled, where it is known. */
  readonly currentRoute: () => string | undefined;
  /** Address of this process, for hashes of it; empty when unknown. */
  readonly sourceIp: string;
}

/** What routing decided for one call. */
export interface Routed {
  readonly host: string;
  readonly routeName: string;
  readonly upstream: Upstream;
  readonly plan: ForwardPlan;
  /** undefined for TLS that the application began. */
  readonly input: MatchInput | undefined;
  readonly destination: Destination | undefined;
  readonly method: string;
  /** Request target to write. */
  readonly path: string;
  readonly authority: string | undefined;
  readonly edits: readonly HeaderEdit[];
  /** Changes to the response by the CORS policy. */
  readonly cors: readonly HeaderEdit[];
  /** What the hash policies made of the request. */
  readonly key: U64 | undefined;
  /** Cookies that they made, for the response. */
  readonly cookies: readonly HeaderEdit[];
  /** A fault has held the call back. */
  readonly delayed: boolean;
  /** The endpoint of the first attempt, where the application has chosen it. */
  readonly pinned?: EndpointState | undefined;
}
