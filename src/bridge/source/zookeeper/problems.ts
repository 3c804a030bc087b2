/** What cannot be used, told to the sink once and taken back when it is mended. */

import type { SourceSink } from '../../model';

export class Problems {
  /** By service and instance: the reason told. */
  private readonly told = new Map<string, string>();

  constructor(private readonly sink: Pick<SourceSink, 'problem'>) {}

  /** `reason` undefined: there is none, or none any more. */
  set(service: string, instance: string | undefined, reason: string | undefined): void {
    const key = JSON.stringify([service, instance]);
    if (this.told.get(key) === reason) return;
    if (reason === undefined) this.told.delete(key);
    else this.told.set(key, reason);
    const problem =
      reason === undefined ? undefined : { service, reason, ...(instance !== undefined && { instance }) };
    this.sink.problem(service, instance, problem);
  }
}
