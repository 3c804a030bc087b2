/** Which services a namespace has: by gRPC for named groups, by the admin API for all groups. */

import type { ServiceListResponse } from '../../../nacos';
import type { Session } from '../../nacos';
import type { AdminApi } from './admin';
import type { NacosConfig } from './config';
import { isWanted } from './service';

/** The server has no limit, and its pages are in no order: one page is the only consistent answer. */
const ALL_IN_ONE_PAGE = 2_147_483_647;

export interface ServiceName {
  readonly group: string;
  readonly name: string;
}

/** Rejects unless every group was listed completely: half a list would look like half a registry. */
export async function listServices(
  session: Session,
  namespace: string,
  config: NacosConfig,
  admin: AdminApi | undefined,
): Promise<ServiceName[]> {
  const { groups } = config;
  const found =
    groups === 'all' ? await admin!.services(namespace) : await byGroup(session, namespace, groups);
  return found.filter(({ name }) => isWanted(name, config.dubbo.consumers));
}

async function byGroup(
  session: Session,
  namespace: string,
  groups: readonly string[],
): Promise<ServiceName[]> {
  const lists = groups.map(async (group) => {
    const { serviceNames } = await session.request<ServiceListResponse>(
      'ServiceListRequest',
      { namespace, groupName: group, serviceName: '', pageNo: 1, pageSize: ALL_IN_ONE_PAGE },
      { kind: 'naming', group, name: '' },
    );
    return (serviceNames ?? []).map((name) => ({ group, name: bareName(name) }));
  });
  return (await Promise.all(lists)).flat();
}

/** Some versions list `group@@name`. */
function bareName(name: string): string {
  const at = name.indexOf('@@');
  return at < 0 ? name : name.slice(at + 2);
}
