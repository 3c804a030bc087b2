/** Which instances of a service are served: endpoint selectors and the list of abnormal ones. */

import { isIP } from 'node:net';
import type { RegistryInstance, RegistryService } from '../model';
import { CidrSet } from './cidr';
import type { EndpointSelector } from './config';
import { type Glob, glob } from './glob';
import { type ServicePredicate, servicePredicate } from './rules';

export interface Selector {
  readonly appliesTo: ServicePredicate;
  readonly labels: readonly (readonly [string, Glob])[];
  readonly cidrs: CidrSet;
  readonly exclude: boolean;
}

/** Throws ConvertConfigError for a range that is none. */
export function compileSelector({ labels = {}, cidrs = [], exclude, ...match }: EndpointSelector): Selector {
  return {
    appliesTo: servicePredicate(match),
    labels: Object.entries(labels).map(([key, pattern]) => [key, glob(pattern)] as const),
    cidrs: new CidrSet(cidrs),
    exclude,
  };
}

/** Excluding selectors win; where there are including ones, one of them must match. */
export function selects(
  selectors: readonly Selector[],
  service: RegistryService,
  instance: RegistryInstance,
): boolean {
  let mustBeIncluded = false;
  let included = false;
  for (const selector of selectors) {
    if (!selector.appliesTo(service)) continue;
    const found = matches(selector, instance);
    if (found && selector.exclude) return false;
    if (!selector.exclude) {
      mustBeIncluded = true;
      included ||= found;
    }
  }
  return included || !mustBeIncluded;
}

function matches({ labels, cidrs }: Selector, { address, metadata }: RegistryInstance): boolean {
  if (!cidrs.isEmpty && !cidrs.has(address)) return false;
  return labels.every(([key, value]) => Object.hasOwn(metadata, key) && value(metadata[key]!));
}

/** Addresses, `address:port`s and ranges; what is none of these is a host name. */
export class AddressList {
  private readonly exact: ReadonlySet<string>;
  private readonly ranges: CidrSet;

  /** Throws ConvertConfigError for a range that is none. */
  constructor(addresses: readonly string[]) {
    this.exact = new Set(addresses);
    this.ranges = new CidrSet(addresses.filter((each) => each.includes('/')));
  }

  has({ address, port }: RegistryInstance): boolean {
    const full = isIP(address) === 6 ? `[${address}]:${port}` : `${address}:${port}`;
    return this.exact.has(address) || this.exact.has(full) || this.ranges.has(address);
  }
}
