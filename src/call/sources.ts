/** Facts of a call by the name of Envoy's command operator (`UPSTREAM_CLUSTER`); undefined while not known. */
export interface Facts {
  fact(name: string): string | undefined;
}

/** Facts that do not depend on how far a call got. */
export function commonFact(name: string, routeName: string): string | undefined {
  switch (name) {
    case 'PROTOCOL':
      return 'HTTP/1.1';
    case 'ROUTE_NAME':
      return routeName;
    case 'START_TIME':
      return new Date().toISOString();
    default:
      return undefined;
  }
}
