/** Nacos' configuration, as far as registries use it: texts by namespace, group and data id. */

import { createHash } from 'node:crypto';

export class ConfigStore {
  readonly #contents = new Map<string, string>();

  publish(tenant: string, group: string, dataId: string, content: string): void {
    this.#contents.set(JSON.stringify([normal(tenant), group, dataId]), content);
  }

  /** '' where there is none. */
  md5(tenant: string, group: string, dataId: string): string {
    const content = this.get(tenant, group, dataId);
    return !content ? '' : createHash('md5').update(content).digest('hex');
  }

  get(tenant: string, group: string, dataId: string): string | undefined {
    return this.#contents.get(JSON.stringify([normal(tenant), group, dataId]));
  }
}

function normal(tenant: string): string {
  return tenant === 'public' ? '' : tenant;
}
