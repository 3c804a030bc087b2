/**
 * Node's functions as they were when the agent came: an application's tests may fake time or sockets. Loaded with
 * the preload, for what is loaded with the first call too (scripts/build.js).
 */

import { connect as connectAtFirst } from 'node:net';

export const { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, clearImmediate } =
  globalThis;
export const connect = connectAtFirst;
