/** All cases, by what they are about. */
import type { CaseGroup } from '../bed';
import { DIRECT, REDIRECTS, REWRITES, WEIGHTS } from './actions';
import { BALANCING, HASHING } from './balancing';
import { CORS, FAULTS, MIRRORS } from './filters';
import { HEADERS } from './headers';
import { HOSTS } from './hosts';
import { LIMITS, OUTLIERS } from './limits';
import { MATCH } from './match';
import { MATCH_PATH } from './match-path';
import { POLICY } from './policy';
import { RETRIES } from './retries';
import { LOCAL_REPLIES, TIMEOUTS } from './timeouts';
import { TLS } from './tls';

export const CASE_GROUPS: readonly CaseGroup[] = [
  MATCH_PATH,
  MATCH,
  HOSTS,
  HEADERS,
  REWRITES,
  REDIRECTS,
  DIRECT,
  WEIGHTS,
  RETRIES,
  TIMEOUTS,
  LOCAL_REPLIES,
  BALANCING,
  HASHING,
  OUTLIERS,
  LIMITS,
  TLS,
  FAULTS,
  MIRRORS,
  CORS,
  POLICY,
];
