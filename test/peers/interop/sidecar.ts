/**
 * A real Envoy that follows a real istiod as a sidecar does: clusters, endpoints and routes by ADS. Of its own are the
 * listeners, because those of istiod stand on a redirection that the loopback does not have.
 */

import { type Envoy, type Skipped, startEnvoy } from '../../../lab';
import type { Secrets } from './secrets';

const HTTP =
  'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';
const ROUTER = 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router';
const DOWNSTREAM_TLS = 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext';
const TLS_INSPECTOR = 'type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector';
const HTTP2_OPTIONS = 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions';
const ADS = { ads: {}, resource_api_version: 'V3', initial_fetch_timeout: '0s' };

export interface SidecarPorts {
  /** Where the application sends what iptables would redirect. */
  readonly outbound: number;
  /** Takes plaintext for the application, as PERMISSIVE does. */
  readonly inbound: number;
  /** Takes mutual TLS alone for the application, as STRICT does. */
  readonly strict: number;
}

/** `xds`: `host:port` of istiod; `application`: the port behind the sidecar. */
export function startSidecar(
  xds: string,
  secrets: Secrets,
  ports: SidecarPorts,
  application: number,
): Promise<Envoy | Skipped> {
  const grpc = (name: string) => ({ envoy_grpc: { cluster_name: name } });
  return startEnvoy({
    node: {
      id: 'sidecar~127.0.0.1~envoy-app-1.default~default.svc.cluster.local',
      cluster: 'envoy-app.default',
      metadata: {
        NAMESPACE: 'default',
        CLUSTER_ID: 'Kubernetes',
        INSTANCE_IPS: '127.0.0.1',
        ISTIO_VERSION: '1.31.0',
        DISABLE_HBONE_SEND: 'true',
        PROXY_CONFIG: {},
      },
    },
    dynamic_resources: {
      ads_config: {
        api_type: 'GRPC',
        transport_api_version: 'V3',
        set_node_on_first_message_only: true,
        grpc_services: [grpc('xds-grpc')],
      },
      cds_config: ADS,
    },
    static_resources: {
      clusters: [
        http2(cluster('xds-grpc', Number(xds.split(':')[1]))),
        http2(cluster('sds-grpc', secrets.port)),
        cluster('inbound', application),
      ],
      listeners: [
        listener('outbound', ports.outbound, {
          ...manager('outbound', { rds: { route_config_name: '80', config_source: ADS } }),
        }),
        listener('inbound', ports.inbound, manager('inbound', toApplication())),
        {
          ...listener('strict', ports.strict, manager('strict', toApplication()), mutualTls(secrets)),
          listener_filters: [
            { name: 'envoy.filters.listener.tls_inspector', typed_config: { '@type': TLS_INSPECTOR } },
          ],
        },
      ],
    },
  });
}

function address(port: number) {
  return { socket_address: { address: '127.0.0.1', port_value: port } };
}

function cluster(name: string, port: number) {
  const endpoints = [{ lb_endpoints: [{ endpoint: { address: address(port) } }] }];
  return { name, type: 'STATIC', load_assignment: { cluster_name: name, endpoints } };
}

function http2(plain: ReturnType<typeof cluster>) {
  return {
    ...plain,
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        '@type': HTTP2_OPTIONS,
        explicit_http_config: { http2_protocol_options: {} },
      },
    },
  };
}

function toApplication() {
  const routes = [{ match: { prefix: '/' }, route: { cluster: 'inbound' } }];
  return { route_config: { virtual_hosts: [{ name: 'inbound', domains: ['*'], routes }] } };
}

function manager(name: string, routes: Readonly<Record<string, unknown>>) {
  return {
    name: 'envoy.filters.network.http_connection_manager',
    typed_config: {
      '@type': HTTP,
      stat_prefix: name,
      ...routes,
      http_filters: [{ name: 'envoy.filters.http.router', typed_config: { '@type': ROUTER } }],
    },
  };
}

function listener(name: string, port: number, filter: object, chain: object = {}) {
  return { name, address: address(port), filter_chains: [{ ...chain, filters: [filter] }] };
}

/** As Istio's chain of a STRICT port: what is not TLS matches no chain. */
function mutualTls({ root, certificate }: Secrets) {
  const inline = (text: string) => ({ inline_string: text });
  return {
    filter_chain_match: { transport_protocol: 'tls' },
    transport_socket: {
      name: 'envoy.transport_sockets.tls',
      typed_config: {
        '@type': DOWNSTREAM_TLS,
        require_client_certificate: true,
        common_tls_context: {
          tls_certificates: [
            { certificate_chain: inline(certificate.chain), private_key: inline(certificate.key) },
          ],
          validation_context: { trusted_ca: inline(root) },
        },
      },
    },
  };
}
