/** Nacos' configuration, as far as registries use it: texts by namespace, group and data id. */

export class ConfigStore {
  readonly #contents = new Map<string, string>();

  publish(tenant: string, group: string, dataId: string, content: string): void {
    this.#contents.set(JSON.stringify([normal(tenant), group, dataId]), content);
  }

  get(tenant: string, group: string, dataId: string): string | undefined {
    return this.#contents.get(JSON.stringify([normal(tenant), group, dataId]));
  }
}

function normal(tenant: string): string {
  return tenant === 'public' ? '' : tenant;
}
