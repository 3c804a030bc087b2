import { Server } from 'node:net';
import { callStack } from '../observe';
import { setImmediate } from '../observe/native';

/**
 * Calls back after the first time this process listens on a network port: it is a service then, and should know
 * the mesh before its first call (decision 13). Pipes do not count, and neither does a cluster's primary, which
 * listens for its children. The patch takes itself away.
 */
export function onFirstListen(callback: () => void): void {
  const original = Server.prototype.listen;
  let waiting = true;
  function listen(this: Server, ...args: unknown[]): Server {
    if (waiting && isNetwork(args) && !isClusterPrimary()) {
      waiting = false;
      if (Server.prototype.listen === listen) Server.prototype.listen = original;
      setImmediate(callback);
    }
    return Reflect.apply(original, this, args) as Server;
  }
  Server.prototype.listen = listen;
}

/** Takes the arguments of `Server#listen`: port, path, options, handle, or nothing (any port). */
export function isNetwork(args: readonly unknown[]): boolean {
  const [first] = args;
  if (typeof first === 'object' && first !== null) {
    return 'port' in first && !('path' in first && first.path !== undefined);
  }
  return typeof first !== 'string' || /^\d+$/.test(first);
}

/** Node's own scheduler listens in the primary; asked at most a few times in a process. */
function isClusterPrimary(): boolean {
  return callStack().includes('node:internal/cluster/');
}
