import type { UnsupportedField } from '../../model';
import type { DeltaResponse } from '../../xds';

/** A report is for a person; a mesh where everything is refused has the same cause a thousand times. */
const MOST_FIELDS = 500;

/** What is not done of the resources in use, and what was refused. Told when it changes. */
export class UnsupportedReport {
  /** Of resources in use. */
  #used: readonly UnsupportedField[] = [];
  /** By type and name, what a NACK said. */
  readonly #refused = new Map<string, UnsupportedField>();
  #told = '';

  constructor(readonly tell: (fields: readonly UnsupportedField[]) => void) {}

  inUse(fields: readonly UnsupportedField[]): void {
    this.#used = fields;
    this.#compare();
  }

  /** Books a response: resources in it that were not refused are good again. */
  refused(typeUrl: string, response: DeltaResponse, refused: ReadonlyMap<string, readonly string[]>): void {
    const resourceType = typeUrl.slice(typeUrl.lastIndexOf('.') + 1);
    const key = (name: string) => `${resourceType} ${name}`;
    for (const { name } of response.resources) this.#refused.delete(key(name));
    for (const name of response.removedResources) this.#refused.delete(key(name));
    for (const [name, reasons] of refused) {
      const effect = `refused (${reasons.join(', ')}); what was known before stays in use`;
      this.#refused.set(key(name), { resourceType, resource: name, field: '', effect });
    }
    this.#compare();
  }

  #compare(): void {
    const seen = new Set<string>();
    const fields: UnsupportedField[] = [];
    for (const field of [...this.#refused.values(), ...this.#used]) {
      const text = JSON.stringify(field);
      if (fields.length === MOST_FIELDS || seen.has(text)) continue;
      seen.add(text);
      fields.push(field);
    }
    const all = [...seen].join();
    if (all === this.#told) return;
    this.#told = all;
    this.tell(fields);
  }
}
