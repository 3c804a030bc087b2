/** Where a call of the application is. */
export const Phase = {
  /** Nothing decided: the head may change, or whose the host is is not known, or the agent's sockets are all in use. */
  PARKED: 0,
  /** Routed; a connection is being made. */
  CONNECTING: 1,
  /** Node has a socket and waits for the response. */
  FLYING: 2,
  /** Between two attempts. */
  BACKING_OFF: 3,
  /** The response is the application's. */
  DELIVERED: 4,
  OVER: 5,
  /** A fault of the route holds it back. */
  DELAYED: 6,
} as const;

export type Phase = (typeof Phase)[keyof typeof Phase];

/** No socket of Node's is in charge of the request. */
export function isWaiting(phase: Phase): boolean {
  switch (phase) {
    case Phase.PARKED:
    case Phase.CONNECTING:
    case Phase.BACKING_OFF:
    case Phase.DELAYED:
      return true;
    default:
      return false;
  }
}
