/** All rules over a set of objects that could be read. Problems are left with the objects' readers. */

import type { IstioObject } from '../read/object';
import { checkOf } from './context';
import { checkDestinationRule, checkSidecar } from './destination-rule';
import { checkReferences } from './references';
import { checkServiceEntry, checkWorkloadEntry } from './service-entry';
import { checkVirtualService } from './virtual-service';

/** `others`: objects that were checked already, and that the references may lead to. */
export function checkObjects(objects: readonly IstioObject[], others: readonly IstioObject[] = []): void {
  for (const object of objects) checkObject(object);
  checkReferences([...objects, ...others]);
}

function checkObject(object: IstioObject): void {
  switch (object.kind) {
    case 'ServiceEntry':
      checkServiceEntry(checkOf(object as IstioObject<'ServiceEntry'>));
      break;
    case 'WorkloadEntry':
      checkWorkloadEntry(checkOf(object as IstioObject<'WorkloadEntry'>));
      break;
    case 'VirtualService':
      checkVirtualService(checkOf(object as IstioObject<'VirtualService'>));
      break;
    case 'DestinationRule':
      checkDestinationRule(checkOf(object as IstioObject<'DestinationRule'>));
      break;
    case 'Sidecar':
      checkSidecar(checkOf(object as IstioObject<'Sidecar'>));
      break;
  }
}
