/**
 * Between what a namespace lists and the sink: Dubbo's services of both levels put together, each provider once; every
 * other service passes as it is.
 */

import {
  type ApplicationInstance,
  applicationKey,
  askMetadataService,
  type DubboLevel,
  DubboServices,
  type InterfaceName,
  interfaceKey,
  isDubboApplication,
  lastingParams,
  type Override,
  type Provider,
  parseNacosName,
  providerOf,
  providersOfInstance,
  REVISION_RETRY,
  REVISIONS_PATIENCE_MS,
  type Revision,
  RevisionResolver,
  readApplicationInstance,
} from '../../dubbo';
import type { RegistryInstance, RegistryService, SourceSink } from '../../model';
import type { NacosConfig } from './config';

/** Changes that come together are reported together. */
const FLUSH_MS = 5;
const DEFAULT_PROTOCOL = 'dubbo';

export interface DubboLayerOptions {
  readonly namespace: string;
  readonly config: NacosConfig['dubbo'];
  readonly sink: Pick<SourceSink, 'update' | 'remove' | 'problem'>;
  /** Nacos' configuration: dataId is the application, group the revision. May reject. */
  readonly readConfig: (dataId: string, group: string) => Promise<string | undefined>;
  readonly random: () => number;
}

/** One registered service that Dubbo has a part in. */
interface Followed {
  readonly group: string;
  /** Application instances by owner. */
  readonly instances: Map<string, ApplicationInstance>;
  /** The part that is not Dubbo's was reported. */
  plain: boolean;
}

export class DubboLayer {
  readonly #followed = new Map<string, Followed>();
  /** Dubbo's services by Nacos group. */
  readonly #groups = new Map<string, DubboServices>();
  /** Keys of those who consume. */
  readonly #consumers = new Set<string>();
  /** Every interface seen, by key: rules may be there for it. */
  readonly #interfaces = new Map<string, InterfaceName>();
  readonly #rules = new Map<
    string,
    { readonly name: InterfaceName; readonly overrides: readonly Override[] }
  >();
  readonly #resolver: RevisionResolver;
  #timer: NodeJS.Timeout | undefined;
  #patience: NodeJS.Timeout | undefined;

  constructor(readonly options: DubboLayerOptions) {
    const { readConfig, random, config } = options;
    this.#resolver = new RevisionResolver({
      stored: readConfig,
      ...(config.askProviders && {
        ask: (instance: ApplicationInstance) => askMetadataService(instance, config.askTimeoutMs),
      }),
      ...REVISION_RETRY,
      random,
      settled: (owners, result) => {
        for (const owner of owners) this.#apply(owner, result);
        this.#flushSoon();
      },
    });
  }

  /** Interfaces of both levels. */
  interfaces(): InterfaceName[] {
    return [...this.#interfaces.values()];
  }

  /** What every consumer applies to the providers of an interface, whatever its Nacos group. */
  setRules(name: InterfaceName, overrides: readonly Override[]): void {
    this.#rules.set(interfaceKey(name), { name, overrides });
    for (const services of this.#groups.values()) services.setRules(name, overrides);
    this.#flushSoon();
  }

  update(service: RegistryService): void {
    const { key, group, name, instances } = service;
    const named = parseNacosName(name);
    if (named?.category === 'consumers') {
      const { interface: name, group: ofDubbo, version } = named;
      const dubbo = { interface: name, group: ofDubbo, version, application: '' };
      this.#consumers.add(key);
      this.options.sink.update({ ...service, kind: 'dubbo-consumers', dubbo });
      return;
    }
    if (named) {
      const providers = instances.map((instance) => toProvider(named, instance));
      this.#setProviders(group, 'interface', key, providers);
      this.#flushSoon();
      return;
    }
    const followed = this.#followed.get(key) ?? this.#follow(key, group);
    const ofDubbo = instances.filter(({ metadata }) => isDubboApplication(metadata));
    const hadDubbo = followed.instances.size > 0;
    this.#setInstances(followed, service, ofDubbo);
    const rest = ofDubbo.length === 0 ? instances : instances.filter((one) => !ofDubbo.includes(one));
    // Empty, it is what it was before.
    const plain = rest.length > 0 || followed.plain || (ofDubbo.length === 0 && !hadDubbo);
    if (plain) this.options.sink.update(rest === instances ? service : { ...service, instances: rest });
    followed.plain = plain;
  }

  remove(key: string): void {
    if (this.#consumers.delete(key)) {
      this.options.sink.remove(key);
      return;
    }
    const followed = this.#followed.get(key);
    this.#followed.delete(key);
    if (!followed) {
      for (const services of this.#groups.values()) services.setProviders('interface', key, []);
      this.#flushSoon();
      return;
    }
    for (const owner of [...followed.instances.keys()]) this.#forget(followed, owner);
    if (followed.plain) this.options.sink.remove(key);
    this.#flushSoon();
  }

  /** Resolves when every revision was asked for and everything was told. */
  async settled(): Promise<void> {
    const late = new Promise<void>((resolve) => {
      this.#patience = setTimeout(resolve, REVISIONS_PATIENCE_MS);
    });
    await Promise.race([this.#resolver.idle(), late]);
    clearTimeout(this.#patience);
    this.#flush();
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    clearTimeout(this.#patience);
    this.#resolver.close();
    await this.#resolver.idle();
    clearTimeout(this.#timer);
  }

  #follow(key: string, group: string): Followed {
    const followed: Followed = { group, instances: new Map(), plain: false };
    this.#followed.set(key, followed);
    return followed;
  }

  #services(group: string): DubboServices {
    let services = this.#groups.get(group);
    if (!services) {
      const { namespace } = this.options;
      services = new DubboServices({ namespace, group, keyPrefix: `${namespace}/${group}/` });
      for (const { name, overrides } of this.#rules.values()) services.setRules(name, overrides);
      this.#groups.set(group, services);
    }
    return services;
  }

  #setInstances(followed: Followed, service: RegistryService, instances: readonly RegistryInstance[]): void {
    const present = new Set<string>();
    for (const registered of instances) {
      const owner = `${service.key}#${registered.id}`;
      present.add(owner);
      let complaint: string | undefined;
      const instance = readApplicationInstance(service.name, registered, (reason) => {
        complaint ??= reason;
      });
      this.#problem(service.key, registered.id, complaint);
      followed.instances.set(owner, instance);
      this.#services(followed.group).setInstance(owner, instance);
      this.#resolve(followed, owner, instance);
    }
    for (const owner of [...followed.instances.keys()])
      if (!present.has(owner)) this.#forget(followed, owner);
    if (present.size > 0) this.#flushSoon();
  }

  #resolve({ group }: Followed, owner: string, instance: ApplicationInstance): void {
    if (instance.revision === '' || instance.revision === '0') {
      this.#resolver.release(owner);
      this.#services(group).setProviders('application', owner, []);
      return;
    }
    const result = this.#resolver.use(owner, instance);
    if (result !== undefined) this.#apply(owner, result);
  }

  /** A revision that is not known leaves an instance with its last known services. */
  #apply(owner: string, result: Revision | string): void {
    const followed = this.#followed.get(owner.slice(0, owner.indexOf('#')));
    const instance = followed?.instances.get(owner);
    if (!followed || !instance) return;
    const { application, id, revision } = instance;
    const service = `${this.options.namespace}/${followed.group}/${applicationKey(application)}`;
    if (typeof result === 'string') {
      const known = 'the services that it had last, if any, stay in use until it is';
      this.#problem(service, id, `revision ${revision} cannot be read (${result}): ${known}`);
      return;
    }
    this.#problem(service, id, undefined);
    const providers = providersOfInstance(instance, result);
    this.#setProviders(followed.group, 'application', owner, providers);
  }

  #setProviders(group: string, level: DubboLevel, owner: string, providers: readonly Provider[]): void {
    for (const { interface: interfaceName, group: ofDubbo, version } of providers) {
      const name = { interface: interfaceName, group: ofDubbo, version };
      this.#interfaces.set(interfaceKey(name), name);
    }
    this.#services(group).setProviders(level, owner, providers);
  }

  #forget(followed: Followed, owner: string): void {
    const instance = followed.instances.get(owner);
    followed.instances.delete(owner);
    this.#resolver.release(owner);
    const services = this.#services(followed.group);
    services.setInstance(owner, undefined);
    services.setProviders('application', owner, []);
    this.#flushSoon();
    if (!instance) return;
    const { namespace, sink } = this.options;
    const service = `${namespace}/${followed.group}/${applicationKey(instance.application)}`;
    sink.problem(service, instance.id, undefined);
    sink.problem(owner.slice(0, owner.indexOf('#')), instance.id, undefined);
  }

  #problem(service: string, instance: string, reason: string | undefined): void {
    const problem = reason === undefined ? undefined : { service, instance, reason };
    this.options.sink.problem(service, instance, problem);
  }

  #flushSoon(): void {
    this.#timer ??= setTimeout(() => this.#flush(), FLUSH_MS);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const services of this.#groups.values()) services.flush(this.options.sink);
  }
}

/** The registry's own verdicts count beside what the provider says of itself. */
function toProvider(name: ReturnType<typeof parseNacosName> & object, instance: RegistryInstance): Provider {
  const { interface: interfaceName, group, version } = name;
  const { address, port, metadata, healthy, enabled, cluster } = instance;
  const protocol = metadata['protocol'] || DEFAULT_PROTOCOL;
  const params = lastingParams(metadata);
  const at = { protocol, address, port };
  const provider = providerOf(
    { interface: interfaceName, group, version },
    at,
    params,
    metadata['application'] ?? '',
  );
  const own = provider.instance;
  const place = cluster === undefined ? {} : { cluster };
  return { ...provider, instance: { ...own, healthy, enabled: enabled && own.enabled, ...place } };
}
