import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Settings } from '../../config';
import { HostIndex } from '../../model';
import { ClusterUse } from '../worker/cluster-use';
import { makeResolve } from '../worker/dns';
import { MeshState } from '../worker/mesh-state';
import { nodeDomain } from '../worker/node';
import { fill, snapshotIdentity, snapshotPath } from '../worker/snapshot';
import { readSnapshot, type Snapshot } from '../worker/snapshot-file';
import { BaseInspection, InspectionError, type InspectionSource } from './inspection';
import { type Lookup, lookUpHttp, lookUpTls } from './lookup';

const SUFFIX = '.snapshot';
/** There is nobody to ask and nothing to forget. */
const nobody = () => undefined;

/** A snapshot file and what it is. */
export interface FoundSnapshot {
  readonly file: string;
  readonly snapshot: Snapshot;
  /** It is of the identity that the settings give. */
  readonly own: boolean;
}

/** Names of the snapshot files of a folder. Throws if it cannot be read. */
function snapshotFiles(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.endsWith(SUFFIX));
}

/** The file that a process with these settings reads and writes in a folder. */
export function ownSnapshotFile(folder: string, settings: Settings): string {
  return snapshotPath(folder, snapshotIdentity(settings));
}

/**
 * The snapshot at `path`: a file, or a folder with that of these settings' identity, or with only one.
 * @throws {InspectionError} saying what is wrong
 */
export function openSnapshot(path: string, settings: Settings): FoundSnapshot {
  const file = chooseFile(path, settings);
  let snapshot: Snapshot | undefined;
  try {
    snapshot = readSnapshot(file);
  } catch (error) {
    throw new InspectionError(`the snapshot ${file} cannot be used: ${(error as Error).message}`);
  }
  if (snapshot === undefined) throw new InspectionError(`there is no snapshot ${file}`);
  return { file, snapshot, own: snapshot.identity === snapshotIdentity(settings) };
}

function chooseFile(path: string, settings: Settings): string {
  let files: string[];
  try {
    if (statSync(path).isFile()) return path;
    files = snapshotFiles(path);
  } catch (error) {
    throw new InspectionError(`${path} cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
  const own = ownSnapshotFile(path, settings);
  if (files.some((name) => join(path, name) === own)) return own;
  if (files.length === 1) return join(path, files[0]!);
  const count = files.length === 0 ? 'no snapshot' : `${files.length} snapshots, none of this identity`;
  throw new InspectionError(
    `${path} holds ${count}; name the file, or set INMESH_XDS, POD_NAME, POD_NAMESPACE, SERVICE_ACCOUNT and labels as the process has them`,
  );
}

/** What a process would know from its snapshot while the control plane is away. */
export class SavedInspection extends BaseInspection {
  readonly source: InspectionSource;
  protected readonly state = new MeshState();
  protected readonly uses = new Map<string, ClusterUse>();
  readonly #domain: string;

  constructor(
    { file, snapshot, own }: FoundSnapshot,
    settings: Settings,
    readonly timeoutMs: number,
  ) {
    const domain = nodeDomain({ ...settings.identity, podNamespace: namespaceOf(snapshot, settings) });
    super(domain);
    this.#domain = domain;
    const { savedAt, identity } = snapshot;
    this.source = { kind: 'snapshot', file, savedAt, identity, own };
    fill(this.state, snapshot);
  }

  override async http(port: number, host: string): Promise<Lookup> {
    const found = await super.http(port, host);
    const index = this.state.index(port);
    if (found.kind !== 'no-virtual-host' || index === undefined) return found;
    return new HostIndex(index).mayHold(host) ? { kind: 'not-saved' } : found;
  }

  refused() {
    return [];
  }

  close(): void {
    for (const use of this.uses.values()) use.stop();
  }

  protected async followed(scheme: 'http' | 'https', port: number, host: string): Promise<void> {
    const found =
      scheme === 'http'
        ? lookUpHttp(this.state, port, host)
        : lookUpTls(this.state, port, host, this.#domain);
    await Promise.all(clustersOf(found).map((name) => this.#use(name)));
  }

  /** Resolves with the names of a DNS cluster resolved, or after the time-out: what is known is shown then. */
  #use(name: string): Promise<void> | undefined {
    const bytes = this.state.clusters.get(name);
    if (bytes === undefined || this.uses.has(name)) return undefined;
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.timeoutMs);
      const ready = () => {
        clearTimeout(timer);
        resolve();
      };
      const use = new ClusterUse(name, bytes, {
        eds: { assignment: (eds) => this.state.assignment(eds) ?? null, follow: nobody, leave: nobody },
        dns: { resolve: makeResolve(), random: Math.random },
        changed: (changed) => {
          if (changed.ready) ready();
        },
      });
      this.uses.set(name, use);
      if (use.ready) ready();
    });
  }
}

function clustersOf(found: Lookup): readonly string[] {
  if (found.kind === 'virtual-host') return found.entry.clusters;
  return found.kind === 'tls' ? [found.cluster] : [];
}

/** Short names belong to the namespace of the process that wrote it. */
function namespaceOf({ identity }: Snapshot, settings: Settings): string {
  const parts: unknown = JSON.parse(identity);
  const namespace: unknown = Array.isArray(parts) ? parts[2] : undefined;
  return typeof namespace === 'string' ? namespace : settings.identity.podNamespace;
}
