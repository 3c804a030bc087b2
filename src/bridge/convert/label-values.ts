/** Values in the syntax of labels, and labels in one order. */
import { isLabelValue } from '../check';

const LABEL_LENGTH = 63;

/** The nearest value of a label; '' when nothing is left. */
export function labelValue(value: string): string {
  if (isLabelValue(value)) return value;
  return value
    .replace(/[^A-Za-z0-9_.-]+/g, '-')
    .slice(0, LABEL_LENGTH)
    .replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '');
}

/** Keys in byte order, as a plain object: equal labels are equal bytes. */
export function sortedRecord(labels: ReadonlyMap<string, string>): Record<string, string> {
  return Object.fromEntries([...labels].sort(([a], [b]) => (a < b ? -1 : 1)));
}
