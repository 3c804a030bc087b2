/**
 * Node's functions as they were when the agent came: an application's tests may fake time or sockets. A file of its
 * own in dist, loaded with the preload, for what is loaded with the first call.
 */
import * as net from 'node:net';

export const { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, clearImmediate } =
  globalThis;
export const { connect } = net;
