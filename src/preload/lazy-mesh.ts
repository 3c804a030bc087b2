import type { Begin, Mesh, Ownership, RequestHead, Scheme } from '../call';
import { clearImmediate, setImmediate } from '../observe/native';

/** Nothing is ours: what the hooks see when the mesh cannot be made. */
const EMPTY: Mesh = {
  ownership: () => 'not-ours',
  whenKnown: (_scheme, _host, _port, callback) => {
    const immediate = setImmediate(callback, 'not-ours');
    return () => clearImmediate(immediate);
  },
  begin: () => undefined,
};

/** The mesh as the hooks hold it: made by the first call, so that a process without calls does not pay for it. */
export class LazyMesh implements Mesh {
  #mesh: Mesh | undefined;

  /** `create` may throw; `failed` hears of it, once. */
  constructor(
    private readonly create: () => Mesh,
    private readonly failed: (error: unknown) => void,
  ) {}

  ownership(scheme: Scheme, host: string, port: number): Ownership {
    return (this.#mesh ?? this.#make()).ownership(scheme, host, port);
  }

  whenKnown(
    scheme: Scheme,
    host: string,
    port: number,
    callback: (ownership: 'ours' | 'not-ours') => void,
  ): () => void {
    return (this.#mesh ?? this.#make()).whenKnown(scheme, host, port, callback);
  }

  begin(scheme: Scheme, host: string, port: number, head: RequestHead, now: number): Begin {
    return (this.#mesh ?? this.#make()).begin(scheme, host, port, head, now);
  }

  #make(): Mesh {
    try {
      this.#mesh = this.create();
    } catch (error) {
      this.#mesh = EMPTY;
      this.failed(error);
    }
    return this.#mesh;
  }
}
