/**
 * Instances that a server does not know any more after an outage. A Eureka that was restarted has nothing but what
 * registered again, and clients notice with their next renewal, 30 s by default: until then they are believed in.
 */

import type { EurekaInstance } from './answer';
import type { EurekaRegistry } from './registry';

interface Lost {
  readonly instance: EurekaInstance;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

export class Settling {
  /** By application. */
  private lost = new Map<string, readonly Lost[]>();

  /** `before`: what was known; `now`: what the server came back with. Who was lost before that keeps his own time. */
  begin(before: EurekaRegistry, now: EurekaRegistry, until: number): void {
    for (const [app, instances] of before.apps) {
      const missing = [...instances.values()].filter(({ id }) => !now.apps.get(app)?.has(id));
      const earlier = (this.lost.get(app) ?? []).filter(
        ({ instance }) => !missing.some(({ id }) => id === instance.id),
      );
      if (missing.length === 0 && earlier.length === 0) continue;
      this.lost.set(app, [...earlier, ...missing.map((instance) => ({ instance, until }))]);
    }
  }

  /** Those of an application that have not come back. */
  of(app: string, registry: EurekaRegistry): EurekaInstance[] {
    const lost = (this.lost.get(app) ?? []).map(({ instance }) => instance);
    return lost.filter(({ id }) => !registry.apps.get(app)?.has(id));
  }

  /** The applications of which somebody is given up now. */
  over(now: number): string[] {
    const apps: string[] = [];
    for (const [app, lost] of this.lost) {
      const left = lost.filter(({ until }) => now < until);
      if (left.length === lost.length) continue;
      apps.push(app);
      if (left.length === 0) this.lost.delete(app);
      else this.lost.set(app, left);
    }
    return apps;
  }
}
