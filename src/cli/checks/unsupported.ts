import type { UnsupportedField } from '../../model';

/** The same field with the same effect in several resources. */
export interface UnsupportedGroup {
  readonly resourceType: string;
  /** Places in lists left open: `routes[]`. */
  readonly field: string;
  readonly effect: string;
  readonly resources: readonly string[];
}

/** What the control plane asks for and is not done, most resources first: one line per field, not one per service. */
export function groupUnsupported(fields: readonly UnsupportedField[]): UnsupportedGroup[] {
  const groups = new Map<string, UnsupportedGroup & { resources: string[] }>();
  for (const { resourceType, resource, field, effect } of fields) {
    const open = field.replace(/\[\d+\]/g, '[]');
    const key = JSON.stringify([resourceType, open, effect]);
    const group = groups.get(key) ?? { resourceType, field: open, effect, resources: [] };
    if (!group.resources.includes(resource)) group.resources.push(resource);
    groups.set(key, group);
  }
  return [...groups.values()].sort((a, b) => b.resources.length - a.resources.length);
}
