import type { Capability, MatrixClient } from './matrix-clients';
import type { MeshName } from './matrix-mesh';

export type Outcome = Readonly<Record<string, unknown>>;

/** What `fixtures/clients/cells/` does with a cell; the fields are those of its kinds. */
export interface CellPlan {
  readonly kind: string;
  readonly request?: {
    readonly path?: string;
    readonly method?: string;
    readonly headers?: Readonly<Record<string, unknown>>;
    readonly body?: string;
    readonly timeoutMs?: number;
    readonly compressed?: boolean;
    readonly shape?: string;
    readonly message?: string;
  };
  readonly [more: string]: unknown;
}

/**
 * When a cell runs. `parked`: begun and ended before the control plane may answer; `first-use`: begun before and
 * ended after; `light`: several at a time; `heavy`: alone.
 */
export type Group = 'parked' | 'first-use' | 'light' | 'heavy';

/** One row of the matrix. */
export interface Scenario {
  readonly name: string;
  /** The YAML, by name, under which the outcome is expected; the second for clients that speak https. */
  readonly yaml: MeshName;
  readonly secureYaml?: MeshName;
  readonly group?: Group;
  readonly needs?: readonly Capability[];
  readonly cell: (client: MatrixClient) => CellPlan;
  /** The exact outcome. */
  readonly expect?: (client: MatrixClient) => Outcome;
  /** The same cell on bare Node has the same outcome. There it goes to this YAML's backend, with this path. */
  readonly bare?:
    | { readonly yaml?: MeshName; readonly secureYaml?: MeshName; readonly path?: string }
    | undefined;
}

/** Why a cell cannot exist; undefined when it does. */
export function whyNot(scenario: Scenario, client: MatrixClient, line: number): string | undefined {
  if (line < client.since) return `${client.label} needs Node ${client.since} or newer`;
  for (const need of scenario.needs ?? []) {
    const reason = client.lacks[need];
    if (reason) return reason;
  }
  if (client.scheme === 'https' && !scenario.secureYaml) return client.lacks.routes;
  return undefined;
}

export function yamlOf(scenario: Scenario, client: MatrixClient): MeshName {
  return client.scheme === 'https' ? scenario.secureYaml! : scenario.yaml;
}
