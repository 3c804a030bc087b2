/** All cases, by what they are about. */
import type { CaseGroup } from '../bed';
import { DIRECT, REDIRECTS, REWRITES, WEIGHTS } from './actions';
import { HEADERS } from './headers';
import { HOSTS } from './hosts';
import { MATCH } from './match';

export const CASE_GROUPS: readonly CaseGroup[] = [
  MATCH,
  HOSTS,
  HEADERS,
  REWRITES,
  REDIRECTS,
  DIRECT,
  WEIGHTS,
];
