/** Something the control plane sent that is not done, or could not be read. Shown to the operator once. */
export interface UnsupportedField {
  /** `Cluster`, `RouteConfiguration`, `VirtualHost`, `Route`, `ClusterLoadAssignment`. */
  readonly resourceType: string;
  readonly resource: string;
  /** Path of the field inside the resource, in protobuf names. */
  readonly field: string;
  /** What follows for calls, as a sentence: "the route is left out", "mirrors are not sent". */
  readonly effect: string;
}
