/** What one MCP server said, kept as istiod keeps it: whole state per kind, one bad resource harms only itself. */

import type { Log } from '../../observe';
import type { SotwResponse } from '../../xds';
import { load } from '../load';
import { formatProblem } from '../problem';
import type { IstioObject } from '../read/object';
import { readObject } from '../read/source';
import { type McpResource, READ_KINDS, readResource } from './resource';

interface Kept {
  readonly version: string;
  readonly object: IstioObject;
}

export class McpStore {
  /** By kind, then by `namespace/name`. */
  private readonly kinds = new Map<string, ReadonlyMap<string, Kept>>();
  private readonly notRead = new Set<string>();

  constructor(
    /** `xds://host:port`, for messages. */
    private readonly url: string,
    private readonly log: Log,
  ) {}

  /** All valid resources. */
  get objects(): IstioObject[] {
    return [...this.kinds.values()].flatMap((kept) => [...kept.values()].map(({ object }) => object));
  }

  /** Takes the whole state of a kind; false = nothing is different. */
  take(kind: string, { resources }: SotwResponse): boolean {
    if (!READ_KINDS.has(kind)) {
      if (resources.length > 0) this.sayNotRead(kind, resources.length);
      return false;
    }
    const before = this.kinds.get(kind) ?? new Map<string, Kept>();
    const now = new Map<string, Kept>();
    let isNew = false;
    for (const { value } of resources) {
      const resource = this.read(kind, value);
      if (!resource) continue;
      const known = before.get(resource.name);
      const same = known && resource.version !== '' && known.version === resource.version;
      const kept = same ? known : (this.check(resource) ?? known);
      if (kept) now.set(resource.name, kept);
      if (kept !== known) isNew = true;
    }
    if (!isNew && now.size === before.size) return false;
    this.kinds.set(kind, now);
    return true;
  }

  /** What cannot be decoded counts as absent, as with istiod. */
  private read(kind: string, bytes: Uint8Array): McpResource | undefined {
    try {
      return readResource(kind, bytes);
    } catch (error) {
      this.warn(`a ${kind} cannot be read: ${(error as Error).message}`);
      return undefined;
    }
  }

  /** Undefined: it breaks one of Istio's rules; an older good one stays. */
  private check(resource: McpResource): Kept | undefined {
    const document = readObject(`${this.url}/${resource.name}`, resource.object);
    if (!document) return undefined;
    const dated = { ...document, created: resource.created };
    const { ok, problems, objects } = load({ documents: [dated], problems: [] });
    if (ok && objects[0]) return { version: resource.version, object: objects[0] };
    for (const problem of problems) if (problem.severity === 'error') this.warn(formatProblem(problem));
    return undefined;
  }

  private sayNotRead(kind: string, count: number): void {
    if (this.notRead.has(kind)) return;
    this.notRead.add(kind);
    this.warn(`${count} ${kind} of ${this.url} are not read here; ${[...READ_KINDS].join(' and ')} are`);
  }

  private warn(sentence: string): void {
    this.log.line('warn', 'dev.mcp.resource', sentence, { url: this.url }, `${this.url} ${sentence}`);
  }
}
