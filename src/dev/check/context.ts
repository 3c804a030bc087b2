/** What a check needs: where a field stands, and a place to say what is wrong with it. */

import type { IstioObject, Kind } from '../read/object';

export interface Check<K extends Kind> {
  readonly object: IstioObject<K>;
  readonly spec: IstioObject<K>['spec'];
  /** At a field of a value that was read; the value itself without `field`. */
  error(value: object, field: string | number | undefined, message: string, advice: string): void;
  warning(value: object, field: string | number | undefined, message: string, advice: string): void;
}

export function checkOf<K extends Kind>(object: IstioObject<K>): Check<K> {
  const { reader, spec } = object;
  return {
    object,
    spec,
    error: (value, field, message, advice) => {
      reader.fail(reader.nodeOf(value, field), message, advice);
    },
    warning: (value, field, message, advice) => {
      reader.fail(reader.nodeOf(value, field), message, advice, 'warning');
    },
  };
}

const LABEL = /^[a-zA-Z0-9_]([-a-zA-Z0-9_]*[a-zA-Z0-9_])?$/;

/** A DNS name, whose first label may be `*`. */
export function isHostName(host: string): boolean {
  if (host === '*') return true;
  const name = host.startsWith('*.')
    ? host.slice(2)
    : host.startsWith('*')
      ? host.slice(1).replace(/^-/, '')
      : host;
  return (
    host.length <= 255 &&
    name
      .replace(/\.$/, '')
      .split('.')
      .every((label) => label.length <= 63 && LABEL.test(label))
  );
}

/** `*` and `~` stand alone; only ServiceEntries may be exported to nobody. */
export function checkExportTo<K extends Kind>(
  check: Check<K>,
  exportTo: readonly string[] | undefined,
): void {
  if (!exportTo) return;
  if (new Set(exportTo).size < exportTo.length) {
    check.error(exportTo, undefined, 'a namespace is named twice', 'remove one of them');
  }
  const alone = exportTo.find((each) => each === '*' || each === '~');
  if (alone && exportTo.length > 1) {
    check.error(exportTo, undefined, `\`${alone}\` says it all`, 'remove the others');
  }
  if (alone === '~' && check.object.kind !== 'ServiceEntry') {
    const message = `a ${check.object.kind} cannot be exported to nobody`;
    check.error(exportTo, exportTo.indexOf('~'), message, 'use "." for its own namespace');
  }
}
