/** Which mesh services a registry service is part of. */

import type { RegistryService } from '../model';
import { text } from './metadata';
import type { Rules, SourceRules } from './rules';
import type { Union } from './unions';

/** A mesh service to be: what has one key is one group. */
export type Group =
  | { readonly key: string; readonly kind: 'service' }
  | { readonly key: string; readonly kind: 'application'; readonly application: string }
  | { readonly key: string; readonly kind: 'union'; readonly union: Union };

/** Above so many Dubbo interfaces in a source, `auto` means applications only. */
export const MANY_INTERFACES = 5000;

/** What Nacos calls the services of Dubbo's that are no providers. */
const NOT_PROVIDERS = /^(consumers|routers|configurators):/;

/**
 * The groups of one service; none when it is filtered out. `interfaces` is how many Dubbo interfaces the source has.
 */
export function groupsOf(
  rules: Rules,
  source: SourceRules,
  service: RegistryService,
  interfaces: number,
): Group[] {
  if (service.kind === 'dubbo-consumers' || NOT_PROVIDERS.test(service.name)) return [];
  if (!source.isIncluded(service)) return [];
  const union = rules.unions.of(source.name, service);
  if (union) return [{ key: union.key, kind: 'union', union }];
  const own: Group = { key: `${source.name}/${service.key}`, kind: 'service' };
  if (service.kind === 'service') return [own];
  const { hosts } = source.config.dubbo;
  const wanted = hosts !== 'auto' ? hosts : interfaces > MANY_INTERFACES ? 'application' : 'both';
  if (service.kind === 'dubbo-application')
    return wanted === 'interface'
      ? []
      : [applicationGroup(source, service, service.dubbo?.application || service.name)];
  if (wanted === 'interface') return [own];
  const applications = [...applicationsOf(service)]
    .sort()
    .map((name) => applicationGroup(source, service, name));
  if (wanted === 'application') return applications.length > 0 ? applications : [own];
  return [own, ...applications];
}

function applicationGroup(
  source: SourceRules,
  { namespace, group }: RegistryService,
  application: string,
): Group {
  return { key: `${source.name}\n${namespace}/${group}/${application}`, kind: 'application', application };
}

/** Applications that provide an interface, as far as it is known. */
function applicationsOf(service: RegistryService): Set<string> {
  const found = new Set<string>();
  for (const { metadata } of service.instances) {
    const application = text(metadata, 'application');
    if (application !== '') found.add(application);
  }
  if (found.size === 0 && service.dubbo && service.dubbo.application !== '')
    found.add(service.dubbo.application);
  return found;
}

/** Does the instance of an interface belong to the application's group? */
export function isOfApplication(
  service: RegistryService,
  metadata: Readonly<Record<string, string>>,
  application: string,
): boolean {
  return (text(metadata, 'application') || service.dubbo?.application) === application;
}
