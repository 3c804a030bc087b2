/** Facts of a call by the name of Envoy's command operator (`UPSTREAM_CLUSTER`); undefined while not known. */
export interface Facts {
  fact(name: string): string | undefined;
}
