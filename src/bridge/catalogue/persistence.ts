/** The last known good as a value for the disk: registry facts, not entries, as the configuration may be another then. */
import type { RegistryInstance, RegistryService } from '../model';
import type { Fact } from './fact';

const VERSION = 1;

/** JSON-able. */
export interface CatalogueState {
  readonly version: number;
  readonly sources: readonly { readonly name: string; readonly services: readonly RegistryService[] }[];
}

export function stateOf(sources: readonly (readonly [string, ReadonlyMap<string, Fact>])[]): CatalogueState {
  return {
    version: VERSION,
    sources: sources.map(([name, facts]) => ({
      name,
      services: [...facts.values()].map(({ effective }) => effective),
    })),
  };
}

/** Services by source; or one sentence. A service that is not in order is left out: the registry will tell it again. */
export function readState(value: unknown): Map<string, RegistryService[]> | string {
  const { version, sources } = asRecord(value);
  if (version !== VERSION) return `it is of version ${String(version)}, and ${VERSION} is needed`;
  if (!Array.isArray(sources)) return 'it has no list of sources';
  const found = new Map<string, RegistryService[]>();
  for (const source of sources) {
    const { name, services } = asRecord(source);
    if (typeof name === 'string' && Array.isArray(services)) found.set(name, services.filter(isService));
  }
  return found;
}

function isService(value: unknown): value is RegistryService {
  const { key, kind, namespace, group, name, metadata, instances, dubbo } = asRecord(value);
  const isDubbo =
    dubbo === undefined || Object.values(asRecord(dubbo)).every((part) => typeof part === 'string');
  return (
    [key, namespace, group, name].every((part) => typeof part === 'string') &&
    (kind === 'service' || kind === 'dubbo-interface' || kind === 'dubbo-application') &&
    isDubbo &&
    isObject(metadata) &&
    Array.isArray(instances) &&
    instances.every(isInstance)
  );
}

function isInstance(value: unknown): value is RegistryInstance {
  const { id, address, port, weight, healthy, enabled, metadata } = asRecord(value);
  return (
    typeof id === 'string' &&
    typeof address === 'string' &&
    typeof port === 'number' &&
    typeof weight === 'number' &&
    typeof healthy === 'boolean' &&
    typeof enabled === 'boolean' &&
    isObject(metadata)
  );
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function asRecord(value: unknown): Record<string, unknown> {
  return isObject(value) ? (value as Record<string, unknown>) : {};
}
