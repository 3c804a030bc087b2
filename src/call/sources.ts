/** Facts of a call by the name of Envoy's command operator (`UPSTREAM_CLUSTER`); undefined while not known. */
export interface Facts {
  fact(name: string): string | undefined;
}

/** The first of several header lines. */
export function firstLine(lines: string | readonly string[] | undefined): string | undefined {
  return typeof lines === 'string' ? lines : lines?.[0];
}
