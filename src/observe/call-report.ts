/** What is told of calls that ended: a diagnostics channel, and lines for those that did not go well. */

import { channel } from 'node:diagnostics_channel';
import type { Log } from './log';

/** One ended call, as published on the diagnostics channel `inmesh:call`. */
export interface CallRecord {
  /** The host the application asked for. */
  readonly host: string;
  /** Empty when the call never had one. */
  readonly cluster: string;
  /** `address:port` of the last attempt; empty when there was none. */
  readonly endpoint: string;
  readonly attempts: number;
  /** Envoy's response flags; empty when all went well. */
  readonly flag: string;
  /** Status that the application got; 0 when it got none. */
  readonly status: number;
  /** From begin to end, milliseconds. */
  readonly ms: number;
  /** Template of the inbound route (`/orders/:id`) that made the call, where it is known. */
  readonly route?: string;
}

/** Takes the records that somebody wants. */
export interface CallReport {
  /** Asked before a record is made: calls that went well cost nothing while nobody listens. */
  wanted(flag: string): boolean;
  ended(record: CallRecord): void;
}

export const CALL_CHANNEL = 'inmesh:call';

const MEANING: Readonly<Record<string, string>> = {
  DC: 'the application gave up',
  DI: 'a delay was injected',
  FI: 'a fault was injected',
  NC: 'the cluster of the route does not exist',
  NR: 'no route matches',
  UC: 'the upstream closed the connection',
  UF: 'the upstream could not be reached',
  UH: 'no healthy upstream',
  UO: 'a circuit breaker is open',
  URX: 'all retries are used up',
  UT: 'the upstream took too long',
};

/** Publishes to the channel if it has subscribers; one log line per host, response flag and minute (the log limits). */
export function createCallReport(log: Log): CallReport {
  const calls = channel(CALL_CHANNEL);
  return {
    wanted: (flag) => flag !== '' || calls.hasSubscribers,
    ended: (record) => {
      if (calls.hasSubscribers) calls.publish(record);
      if (record.flag !== '') logFlag(log, record);
    },
  };
}

function logFlag(log: Log, record: CallRecord): void {
  const { host, flag } = record;
  const meaning = flag.split(',').map((one) => MEANING[one] ?? one);
  const message = `a call to ${host} ended with ${flag} (${meaning.join('; ')})`;
  log.line('warn', 'call.flag', message, { ...record }, `${host} ${flag}`);
}
