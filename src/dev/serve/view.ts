/** The resources of one view of the mesh: encoded when first asked, identified by their content. */

import { createHash } from 'node:crypto';
import { TYPE_URL } from '../../xds';
import { clusters, loadAssignment, pb, routeConfiguration } from '../generate';
import { type NodeView, type Scope, scopeOf, type World } from '../mesh';

export interface Resource {
  readonly name: string;
  readonly typeUrl: string;
  readonly value: Uint8Array;
  /** Hash of the content: equal bytes are never sent twice. */
  readonly version: string;
}

export class MeshView {
  private readonly scope: Scope;
  private clusterResources: ReadonlyMap<string, Resource> | undefined;
  private readonly others = new Map<string, Resource | undefined>();

  constructor(
    private readonly world: World,
    node: NodeView,
  ) {
    this.scope = scopeOf(world, node);
  }

  clusters(): ReadonlyMap<string, Resource> {
    if (!this.clusterResources) {
      const { Cluster } = pb.envoy.config.cluster.v3;
      const found = new Map<string, Resource>();
      for (const each of clusters(this.world, this.scope)) {
        found.set(each.name!, resource(each.name!, TYPE_URL.cluster, Cluster.encode(each).finish()));
      }
      this.clusterResources = found;
    }
    return this.clusterResources;
  }

  /** undefined: there is no such resource. */
  resource(typeUrl: string, name: string): Resource | undefined {
    const key = `${typeUrl} ${name}`;
    if (!this.others.has(key)) this.others.set(key, this.build(typeUrl, name));
    return this.others.get(key);
  }

  private build(typeUrl: string, name: string): Resource | undefined {
    if (typeUrl === TYPE_URL.route) {
      const routes = routeConfiguration(this.scope, name);
      const { RouteConfiguration } = pb.envoy.config.route.v3;
      return routes && resource(name, typeUrl, RouteConfiguration.encode(routes).finish());
    }
    const assignment = loadAssignment(this.world, this.scope, name);
    const { ClusterLoadAssignment } = pb.envoy.config.endpoint.v3;
    return assignment && resource(name, typeUrl, ClusterLoadAssignment.encode(assignment).finish());
  }
}

function resource(name: string, typeUrl: string, value: Uint8Array): Resource {
  return {
    name,
    typeUrl,
    value,
    version: createHash('sha256').update(value).digest('base64url').slice(0, 16),
  };
}
