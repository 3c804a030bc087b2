/** How Dubbo names an interface with its group and version, in the three ways in which it writes them. */

/** Empty parts are ''. */
export interface InterfaceName {
  readonly interface: string;
  readonly group: string;
  readonly version: string;
}

/** Dubbo's `0.0.0` is what a consumer says who wants no version; a provider without a version may register so, too. */
function versionOf(text: string | undefined): string {
  return text === undefined || text === '0.0.0' ? '' : text;
}

/** The source's key of an interface: `interface/<group>/<interface>:<version>`, empty parts kept. */
export function interfaceKey({ group, interface: name, version }: InterfaceName): string {
  return `interface/${group}/${name}:${version}`;
}

/** The source's key of an application. */
export function applicationKey(application: string): string {
  return `application/${application}`;
}

/** From a URL's or a service's parameters; `fallback` names the interface where the parameters do not (simplified URLs). */
export function nameFromParams(params: Readonly<Record<string, string>>, fallback: string): InterfaceName {
  return {
    interface: params['interface'] || fallback,
    group: params['group'] ?? '',
    version: versionOf(params['version']),
  };
}

/** `interface:version:group`, as rules are keyed (URL.getColonSeparatedKey). Undefined without an interface. */
export function parseColonName(text: string): InterfaceName | undefined {
  const [name, version, group = ''] = text.split(':');
  if (!name) return undefined;
  return { interface: name, version: versionOf(version), group };
}

const CATEGORIES = ['providers', 'consumers', 'routers', 'configurators'] as const;
export type DubboCategory = (typeof CATEGORIES)[number];

/**
 * A Nacos service name of the interface level: `providers:interface:version:group`, also the older forms that leave
 * empty parts out. Undefined when the name is none of Dubbo's.
 */
export function parseNacosName(
  service: string,
): (InterfaceName & { readonly category: DubboCategory }) | undefined {
  const colon = service.indexOf(':');
  const category = CATEGORIES.find((each) => each === service.slice(0, colon));
  const name = category && parseColonName(service.slice(colon + 1));
  return name && { ...name, category };
}
