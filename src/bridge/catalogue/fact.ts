/** What is known of one registry service, and what of it counts. */
import { isServable } from '../convert';
import type { RegistryService } from '../model';

export interface Fact {
  /** As the registry has it; undefined: it no longer lists the service. */
  actual: RegistryService | undefined;
  /** As it is served: `actual`, unless that is not believed (yet). */
  effective: RegistryService;
  /** Has `effective` an instance that can be served? */
  good: boolean;
  /** Not said by the registry in this process, only by the disk. */
  fromDisk: boolean;
  /** When the registry last changed it (clock of the catalogue). */
  since: number;
}

/** Does anything of it take calls? */
export function isGood(service: RegistryService | undefined): service is RegistryService {
  return service?.instances.some(isServable) ?? false;
}
