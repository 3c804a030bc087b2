/** Nacos' configuration, as far as registries keep facts in it. */

import { type ConfigQueryResponse, ERROR, PUBLIC_NAMESPACE } from '../../../nacos';
import { NacosFailure, type Session } from '../../nacos';

/** Undefined: there is no such configuration. Rejects with a sentence when it cannot be asked for. */
export async function queryConfig(
  session: Session | undefined,
  namespace: string,
  dataId: string,
  group: string,
): Promise<string | undefined> {
  if (session === undefined)
    throw new NacosFailure(`there is no connection for namespace ${namespace} now`, 'unreachable');
  const tenant = tenantOf(namespace);
  try {
    const response = await session.request<ConfigQueryResponse>(
      'ConfigQueryRequest',
      { dataId, group, tenant },
      { kind: 'config', tenant, group },
    );
    return response.content ?? undefined;
  } catch (error) {
    if (error instanceof NacosFailure && error.code === ERROR.CONFIG_NOT_FOUND) return undefined;
    throw error;
  }
}

/** Unlike naming, the configuration knows the default namespace as ''. */
export function tenantOf(namespace: string): string {
  return namespace === PUBLIC_NAMESPACE ? '' : namespace;
}
