import type { Cluster } from '../model';

/** Facts of a call by the name of Envoy's command operator (`UPSTREAM_CLUSTER`); undefined while not known. */
export interface Facts {
  fact(name: string): string | undefined;
}

/** How far a call got. */
export interface Progress {
  /** Of the upstream's answer; 0 without one: a local reply has no code yet when its headers are made. */
  readonly answered: number;
  readonly flags: string;
  readonly details: string;
  /** `address:port` tried last. */
  readonly endpoint: string | undefined;
  /** As statistics name it; undefined where there is none. */
  readonly cluster: string | undefined;
  readonly attempts: number;
}

export function progressFact(name: string, progress: Progress): string | undefined {
  switch (name) {
    case 'RESPONSE_CODE':
      return String(progress.answered);
    case 'RESPONSE_CODE_DETAILS':
      return progress.details === '' ? undefined : progress.details;
    case 'RESPONSE_FLAGS':
      return progress.flags === '' ? '-' : progress.flags;
    case 'UPSTREAM_HOST':
      return progress.endpoint;
    case 'UPSTREAM_CLUSTER':
      return progress.cluster;
    case 'UPSTREAM_REQUEST_ATTEMPT_COUNT':
      return String(progress.attempts);
    default:
      return undefined;
  }
}

/** Facts that do not depend on how far a call got. */
export function commonFact(name: string, routeName: string): string | undefined {
  switch (name) {
    case 'PROTOCOL':
      return 'HTTP/1.1';
    case 'ROUTE_NAME':
      return routeName;
    case 'START_TIME':
      return new Date().toISOString();
    default:
      return undefined;
  }
}

/** What `UPSTREAM_CLUSTER` says. */
export function statNameOf({ name, statName }: Cluster): string {
  return statName ?? name;
}
