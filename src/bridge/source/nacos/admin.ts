/** Nacos' HTTP admin API: the only way to ask for all namespaces, and for all groups of one. 3.x first, then 2.x. */

import { PUBLIC_NAMESPACE } from '../../../nacos';
import { NacosFailure, type NacosServer } from '../../nacos';
import type { HttpApi } from './http-api';
import type { ServiceName } from './lister';

const PAGE_SIZE = 500;

export class AdminApi {
  readonly #server: NacosServer;

  constructor(
    url: string,
    readonly api: HttpApi,
  ) {
    const { host, hostname } = new URL(url);
    this.#server = { host: hostname, address: host, grpcTarget: host, base: url.replace(/\/+$/, '') };
  }

  /** Ids, as far as Nacos lists them: one that was never created there can be used all the same, and is not. */
  async namespaces(): Promise<string[]> {
    const { json } = await this.#get([
      '/v3/admin/core/namespace/list',
      '/v2/console/namespace/list',
      '/v1/console/namespaces',
    ]);
    const data: unknown = json?.data;
    if (!Array.isArray(data))
      throw new NacosFailure(`${this.#server.base} gives no list of namespaces`, 'answer');
    return data.map((each) => String(each?.namespace || PUBLIC_NAMESPACE));
  }

  /** Every service of a namespace with its group. Rejects unless all pages were read. */
  async services(namespace: string): Promise<ServiceName[]> {
    const found = new Map<string, ServiceName>();
    for (let page = 1; ; page++) {
      const { items, total } = await this.#page(namespace, page);
      for (const item of items) {
        const service = { group: String(item?.groupName), name: String(item?.name) };
        found.set(`${service.group}@@${service.name}`, service);
      }
      if (items.length < PAGE_SIZE || page * PAGE_SIZE >= total) return [...found.values()];
    }
  }

  async #page(namespace: string, page: number) {
    const id = encodeURIComponent(namespace);
    const common = `pageNo=${page}&pageSize=${PAGE_SIZE}&groupNameParam=&serviceNameParam=&namespaceId=${id}`;
    const { json } = await this.#get([
      `/v3/admin/ns/service/list?${common}&ignoreEmptyService=false`,
      `/v1/ns/catalog/services?${common}&withInstances=false&hasIpCount=false`,
    ]);
    const items: unknown = json?.data?.pageItems ?? json?.serviceList;
    if (!Array.isArray(items))
      throw new NacosFailure(`${this.#server.base} gives no list of services`, 'answer');
    return { items, total: Number(json?.data?.totalCount ?? json?.count ?? 0) };
  }

  async #get(paths: readonly string[]) {
    try {
      return await this.api.get(this.#server, paths);
    } catch (error) {
      const { message, kind, code } = error as NacosFailure;
      throw new NacosFailure(`adminUrl: ${message}`, kind, code);
    }
  }
}
