/** FuzzyWatch of a 3.x server: new services are told within milliseconds. It only accelerates the listing. */

import { ERROR, FUZZY, type FuzzyWatchChangeRequest, type FuzzyWatchSyncRequest } from '../../../nacos';
import type { SourceLog } from '../../model';
import { NacosFailure, type Session } from '../../nacos';
import { isWanted } from './service';

export interface FuzzyWatchOptions {
  readonly session: Session;
  readonly namespace: string;
  readonly groups: readonly string[] | 'all';
  readonly log: SourceLog;
}

/** Patterns are `namespace>>group>>service`; the namespace must be exact. */
export function patternsOf(namespace: string, groups: readonly string[] | 'all'): string[] {
  return (groups === 'all' ? ['*'] : groups).map((group) => `${namespace}>>${group}>>*`);
}

/** Asks for it. A server's limits are no error: the listing goes on. */
export async function watchNames({ session, namespace, groups, log }: FuzzyWatchOptions): Promise<void> {
  for (const groupKeyPattern of patternsOf(namespace, groups)) {
    try {
      await session.request(
        'NamingFuzzyWatchRequest',
        { namespace, groupKeyPattern, watchType: 'WATCH', initializing: true, receivedGroupKeys: [] },
        { kind: 'naming', group: groups === 'all' ? '*' : groupKeyPattern.split('>>')[1]!, name: '*' },
      );
    } catch (error) {
      const { code, message, kind } = error as NacosFailure;
      if (!(error instanceof NacosFailure) || kind === 'unreachable') throw error;
      const limited = code === ERROR.FUZZY_TOO_MANY_PATTERNS || code === ERROR.FUZZY_TOO_MANY_SERVICES;
      log.info('nacos.fuzzy-watch.limited', {
        namespace,
        pattern: groupKeyPattern,
        limited,
        reason: message,
      });
      if (code === ERROR.FUZZY_TOO_MANY_PATTERNS || !limited) return;
    }
  }
}

/** The services that a push of it adds. What it says is gone, the listing will say, too. */
export function addedServices(
  type: string,
  body: unknown,
  consumers = false,
): { group: string; name: string }[] {
  const keys: string[] = [];
  if (type === 'NamingFuzzyWatchSyncRequest') {
    for (const { serviceKey, changedType } of (body as FuzzyWatchSyncRequest).contexts ?? [])
      if (changedType === FUZZY.ADD) keys.push(serviceKey);
  } else if (type === 'NamingFuzzyWatchChangeNotifyRequest') {
    const { serviceKey, changedType } = body as FuzzyWatchChangeRequest;
    if (changedType === FUZZY.ADD && serviceKey !== undefined) keys.push(serviceKey);
  }
  return keys.flatMap((key) => {
    const [, group, name] = String(key).split('@@');
    return group && name && isWanted(name, consumers) ? [{ group, name }] : [];
  });
}
