/** Nacos' protocol as data: framing and messages, shared by the bridge's client and the in-memory registry. */
export * from './messages';
export * from './payload';
