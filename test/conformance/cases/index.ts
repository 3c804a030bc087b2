/** All cases, by what they are about. */
import type { CaseGroup } from '../bed';
import { DIRECT, REDIRECTS, REWRITES, WEIGHTS } from './actions';
import { BALANCING, HASHING } from './balancing';
import { CORS, FAULTS, MIRRORS } from './filters';
import { HEADERS } from './headers';
import { HOSTS } from './hosts';
import { LIMITS, OUTLIERS } from './limits';
import { MATCH } from './match';
import { POLICY } from './policy';
import { LOCAL_REPLIES, RETRIES, TIMEOUTS } from './retries';

export const CASE_GROUPS: readonly CaseGroup[] = [
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
  FAULTS,
  MIRRORS,
  CORS,
  POLICY,
];
